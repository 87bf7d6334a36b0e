/** What an operator can do with an alert, and which step comes next. Pure. */
import { type Rights, mayIn } from "../signing_in/may";
import type { Action, AlertView } from "./contract";

/** Steps that ask something first. */
export type Asking = "call_back" | "send" | "hand_over" | "outcome" | "resolve";
/** Steps that are done at once. */
export type Plain = "take" | "release" | "acknowledge" | "on_site" | "left";

const ASKING: readonly string[] = ["call_back", "send", "hand_over", "outcome", "resolve"] satisfies Asking[];

export function isAsking(action: Action): action is Asking {
  return ASKING.includes(action);
}

/** Whom a desk's steps are for: the person, and what the gateway says that this person may do. */
export interface Acting {
  readonly person: string;
  readonly may: Rights;
}

export function mayAct({ may }: Acting, alert: AlertView, action: Action): boolean {
  return mayIn(may, alert.unit, `alert.${action}`);
}

/** Whether this person may begin a step: also on an alert that nobody has yet, which is taken by it. */
export function mayBegin(alert: AlertView, me: Acting, action: Action): boolean {
  const free = alert.claimed_by_id === null || alert.claimed_by_id === me.person;
  return alert.standing !== "resolved" && free && mayAct(me, alert, action);
}

/** Whether this person takes no alarms of this kind at all, only follows what others do. */
export function onlyFollows(me: Acting, alert: AlertView): boolean {
  return !mayAct(me, alert, "take");
}

/** What this person can do with the alert as it stands, the most likely step first. */
export function possible(alert: AlertView, me: Acting): readonly Action[] {
  return sensible(alert, me.person).filter((action) => mayAct(me, alert, action));
}

function sensible(alert: AlertView, me: string): readonly Action[] {
  if (alert.standing === "resolved") return [];
  const unread: Action[] = alert.standing === "raised" && alert.urgency !== "call" ? ["acknowledge"] : [];
  if (alert.claimed_by_id === null) return ["take", ...unread, "resolve"];
  if (alert.claimed_by_id !== me) return [];
  const standing = alert.response?.standing;
  const ending: Action[] = ["resolve", "hand_over", "release"];
  // Nobody has answered yet: to be on site is not what comes next.
  if (standing === "sent") return [...(alert.called_back === null ? (["call_back", "send"] as const) : (["send", "call_back"] as const)), "on_site", "outcome", ...ending];
  if (standing === "accepted") return ["on_site", "outcome", "call_back", "send", ...ending];
  if (standing === "on_site") return ["outcome", "left", "call_back", "send", ...ending];
  if (alert.outcome !== null || standing === "left") return ["resolve", "outcome", "call_back", "send", "hand_over", "release"];
  if (alert.called_back?.result === "reached") return ["resolve", "send", "call_back", ...unread, "outcome", "hand_over", "release"];
  if (alert.called_back !== null) return ["send", "call_back", ...unread, "outcome", ...ending];
  return ["call_back", "send", ...unread, "outcome", ...ending];
}
