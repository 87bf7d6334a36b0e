/** What a person may do, as the gateway said it with the session. Nothing is decided here: it decides at every call. */

/** The rights that screens ask about, by the gateway's own names. */
export type Permission =
  | `alert.${"read" | "take" | "release" | "hand_over" | "acknowledge" | "call_back" | "send" | "on_site" | "left" | "outcome" | "resolve"}`
  | "instruction.write" | "today.read" | "visit.read" | "visit.work" | "no_entry.close" | "door.open" | "door.remote";

/** `unit` null: in every unit. `all`: to everything of it; `own`: to the person's own work. */
export interface May {
  readonly unit: string | null;
  readonly all: readonly string[];
  readonly own: readonly string[];
}

/** Null until the gateway has said it: until then nothing is hidden, and it refuses what is not allowed. */
export type Rights = readonly May[] | null;

/**
 * Whether something of this unit may be done. An alarm of a unit in which the person has no role is shown because an own
 * unit stands in for it: then the own units' rights count, as at the gateway. Own work is nobody's but in its own unit.
 */
export function mayIn(rights: Rights, unit: string | null, permission: Permission, work: "all" | "own" = "all"): boolean {
  if (rights === null) return true;
  const here = rights.filter((one) => one.unit === null || one.unit === unit);
  return (here.length > 0 || work === "own" ? here : rights).some((one) => one[work].includes(permission));
}

/** Whether it may be done in any unit. */
export function mayAnywhere(rights: Rights, permission: Permission): boolean {
  return rights === null || rights.some((one) => one.all.includes(permission));
}
