/** Who cannot get in, on the desk of whoever may end it: those who answer the telephone must see it without being asked. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { mayAnywhere } from "../../signing_in/may";
import { openNoEntries } from "../api";
import type { Refusal } from "../refusal";
import type { Session } from "../session";
import { startTicking } from "../ticking";
import type { NoEntryView } from "../visits/contract";

export interface NoEntries {
  readonly open: readonly NoEntryView[];
  /** The newest ones that came, for a screen reader. */
  readonly came: readonly NoEntryView[];
}

/** Milliseconds between looks: somebody stands before a door and has been told to call in. */
const LOOK_EVERY = 5_000;
const NOBODY: NoEntries = { open: [], came: [] };

/** `ring` sounds for a new one. */
export function useNoEntries(session: Session, ring: () => unknown, refuse: (refusal: Refusal) => void): NoEntries {
  const [noEntries, setNoEntries] = useState(NOBODY);
  const shown = useRef(NOBODY);
  const sound = useRef(ring);
  sound.current = ring;
  const may = session.may !== null && mayAnywhere(session.may, "no_entry.close");
  useLayoutEffect(() => {
    if (!may) return;
    const look = async (): Promise<void> => {
      const outcome = await openNoEntries(session);
      if (outcome.is === "denied") refuse(outcome.refusal);
      if (outcome.is !== "done") return;
      const known = new Set(shown.current.open.map((one) => one.id));
      const fresh = outcome.value.filter((one) => !known.has(one.id));
      if (fresh.length > 0) sound.current();
      shown.current = { open: outcome.value, came: fresh.length > 0 ? fresh : shown.current.came };
      setNoEntries(shown.current);
    };
    void look();
    return startTicking(LOOK_EVERY, () => void look());
  }, [may]);
  return noEntries;
}
