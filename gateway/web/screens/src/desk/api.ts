/** The calls a person makes at the desk: act on an alert, look at a home's day. Every outcome is a value. */
import { ask } from "../ask";
import type { Command, Opening } from "../contract";
import type { Action, ActionProblem, AlertView, Day, Instruction, OnDuty, Saying } from "./contract";
import { type Refusal, refusalIn } from "./refusal";
import { type Session, headersFor } from "./session";
import type { VisitView } from "./visits/contract";
import type { Stretch } from "./visits/overview";

/** `unreached`: nobody knows whether the gateway heard. `denied`: nobody is let in like that. */
export type Outcome<Value> =
  | { readonly is: "done"; readonly value: Value }
  | { readonly is: "problem"; readonly problem: ActionProblem }
  | { readonly is: "unreached" }
  | { readonly is: "denied"; readonly refusal: Refusal };

async function call<Value>(session: Session, path: string, body?: object, method?: string): Promise<Outcome<Value>> {
  const answer = await ask(path, body, { headers: headersFor(session), ...(method && { method }) });
  if (answer === null) return { is: "unreached" };
  // What is wrong with an action is shown beside it: it may be the reason that was written.
  const refusal = body && answer.status === 422 ? null : refusalIn(answer.status, answer.body);
  if (refusal) return { is: "denied", refusal };
  return answer.ok ? { is: "done", value: answer.body as Value } : { is: "problem", problem: answer.body as ActionProblem };
}

/** Acts on the version of the alert that the operator saw; a newer press makes it a problem of kind `conflict`. */
export function act(session: Session, alert: AlertView, action: Action | "calling", said: Saying): Promise<Outcome<AlertView>> {
  const body = { version: alert.version, operator: session.operator, ...said };
  return call(session, `alerts/${encodeURIComponent(alert.id)}/${action}`, body);
}

export function dayOf(session: Session, home: string): Promise<Outcome<Day>> {
  return call(session, `homes/${encodeURIComponent(home)}/day`);
}

/** Who can be sent to the home, or take over an alert of it. */
export function onDutyFor(session: Session, home: string): Promise<Outcome<readonly OnDuty[]>> {
  return call(session, `responders?home=${encodeURIComponent(home)}`);
}

export function instructionOf(session: Session, home: string): Promise<Outcome<Instruction>> {
  return call(session, `homes/${encodeURIComponent(home)}/instruction`);
}

/** Writes on the version that was read; a newer one makes it a problem of kind `conflict`. */
export function writeInstruction(session: Session, instruction: Instruction): Promise<Outcome<Instruction>> {
  const { home, version, text, call_link } = instruction;
  return call(session, `homes/${encodeURIComponent(home)}/instruction`, { version, text, call_link }, "PUT");
}

/** The visits of a stretch of time as they stand now: to be taken out of the desk, and so a look of its own. */
export function visitsIn(session: Session, { from, until }: Stretch): Promise<Outcome<readonly VisitView[]>> {
  return call(session, `visits?${new URLSearchParams({ from, until })}`);
}

/** Ends the reserve routine of somebody who could not get in; the same `key` again is the same closing. */
export function closeNoEntry(session: Session, id: string, closing: { readonly reason: string; readonly key: string }): Promise<Outcome<unknown>> {
  return call(session, `no-entries/${encodeURIComponent(id)}/close`, closing);
}

/** Agrees to a remote opening: the door is asked for at once. */
export function approveOpening(session: Session, opening: string): Promise<Outcome<Command>> {
  return call(session, `doors/openings/${encodeURIComponent(opening)}/approve`, {});
}

export function declineOpening(session: Session, opening: string): Promise<Outcome<Opening>> {
  return call(session, `doors/openings/${encodeURIComponent(opening)}/decline`, {});
}

/** Asks for the door of the home whose alert this person holds; the same `key` again is the same wish. */
export function askForOpening(session: Session, alert: AlertView, key: string): Promise<Outcome<Opening>> {
  const body = { action: "unlock", purpose: { alert: alert.id }, key };
  return call(session, `phone/doors/${encodeURIComponent(alert.home)}/remote`, body);
}

/** Locks the door of the home whose alert this person holds: that takes nobody else. */
export function lockDoor(session: Session, alert: AlertView, key: string): Promise<Outcome<Command>> {
  const body = { action: "lock", purpose: { alert: alert.id }, key };
  return call(session, `phone/doors/${encodeURIComponent(alert.home)}/open`, body);
}

/** How my own remote opening stands. */
export function openingOf(session: Session, opening: string): Promise<Outcome<Opening>> {
  return call(session, `phone/openings/${encodeURIComponent(opening)}`);
}

/** How a door that this person asked for, or agreed to, answers. */
export function commandOf(session: Session, command: string): Promise<Outcome<Command>> {
  return call(session, `phone/commands/${encodeURIComponent(command)}`);
}
