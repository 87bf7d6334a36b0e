/** Remote openings on the desk: those that wait for somebody here, and those that were asked for here. Pure. */
import type { Command, Opening, Said } from "../contract";
import { mayIn } from "../signing_in/may";
import type { AlertView } from "./contract";
import type { Acting } from "./steps";

/** What was done about a remote opening on this desk, and what came of it. `unheard`: nobody knows whether it was heard. */
export type Answer =
  | { readonly is: "sending" }
  | { readonly is: "approved"; readonly command: Command }
  | { readonly is: "declined" }
  | { readonly is: "refused"; readonly said: Said | null }
  | { readonly is: "unheard" };

export interface Row {
  readonly opening: Opening;
  /** Null while it waits. */
  readonly answer: Answer | null;
}

/** What this desk asked for: waiting or answered, then how the door answers; or why not. */
export type Asked =
  | { readonly is: "asking" }
  | { readonly is: "opening"; readonly opening: Opening; readonly command: Command | null }
  | { readonly is: "locking"; readonly command: Command }
  | { readonly is: "refused"; readonly said: Said | null; readonly why: string | null }
  | { readonly is: "unheard" };

/** Answered rows that stay to be read, the newest; the audit keeps them all. */
const ANSWERED_LIMIT = 3;

/** The rows after a new list came: what waits, and what was answered here. What ended elsewhere is gone. */
export function heard(before: readonly Row[], waiting: readonly Opening[]): readonly Row[] {
  const answered = before.filter((row) => row.answer !== null).slice(-ANSWERED_LIMIT);
  const mine = new Set(answered.map((row) => row.opening.opening));
  const others = waiting.filter((opening) => !mine.has(opening.opening));
  return [...answered, ...others.map((opening) => ({ opening, answer: null }))];
}

/** Those that nobody here has answered. */
export function waitingIn(rows: readonly Row[]): readonly Row[] {
  return rows.filter((row) => row.answer === null);
}

/** Those of the new list that this desk has not shown before: worth a sound. */
export function fresh(before: readonly Row[], waiting: readonly Opening[]): readonly Opening[] {
  const known = new Set(before.map((row) => row.opening.opening));
  return waiting.filter((opening) => !known.has(opening.opening));
}

export function answered(before: readonly Row[], opening: string, answer: Answer): readonly Row[] {
  return before.map((row) => (row.opening.opening === opening ? { ...row, answer } : row));
}

/** Whether something here is still to come of it, so that it cannot be put away or asked again. */
export function isUnderWay(asked: Asked | null): boolean {
  if (asked === null || asked.is === "refused" || asked.is === "unheard") return false;
  if (asked.is === "locking") return !asked.command.final;
  if (asked.is === "asking" || asked.opening.standing === "waiting") return true;
  return asked.opening.standing === "approved" && asked.command?.final !== true;
}

/** Whether this person may ask for the door: a call for help that is open and held here. */
export function mayAsk(alert: AlertView, me: Acting): boolean {
  const held = alert.standing !== "resolved" && alert.claimed_by_id === me.person;
  return alert.urgency === "call" && held && mayIn(me.may, alert.unit, "door.remote");
}
