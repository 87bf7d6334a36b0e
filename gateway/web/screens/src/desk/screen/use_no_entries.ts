/** Who cannot get in, on the desk of whoever may end it: those who answer the telephone must see it without being asked. */
import { useLayoutEffect, useState } from "preact/hooks";
import { mayAnywhere } from "../../signing_in/may";
import { openNoEntries } from "../api";
import type { Refusal } from "../refusal";
import type { Session } from "../session";
import { startTicking } from "../ticking";
import type { NoEntryView } from "../visits/contract";

/** Milliseconds between looks: somebody stands before a door and has been told to call in. */
const LOOK_EVERY = 5_000;

export function useNoEntries(session: Session, refuse: (refusal: Refusal) => void): readonly NoEntryView[] {
  const [noEntries, setNoEntries] = useState<readonly NoEntryView[]>([]);
  const may = session.may !== null && mayAnywhere(session.may, "no_entry.close");
  useLayoutEffect(() => {
    if (!may) return;
    const look = async (): Promise<void> => {
      const outcome = await openNoEntries(session);
      if (outcome.is === "denied") refuse(outcome.refusal);
      if (outcome.is === "done") setNoEntries(outcome.value);
    };
    void look();
    return startTicking(LOOK_EVERY, () => void look());
  }, [may]);
  return noEntries;
}
