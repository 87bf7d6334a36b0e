/** The address that a tag gave, taken out of the address bar: a reading counts once and belongs in no history. */

const TAG_PATH = "/phone/tag";

/** The whole address, or null where no tag was read. */
export function tagFromAddress(): string | null {
  if (location.pathname !== TAG_PATH) return null;
  const address = location.search ? location.href : null;
  history.replaceState(null, "", "/phone");
  return address;
}
