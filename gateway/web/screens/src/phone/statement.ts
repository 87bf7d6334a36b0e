/** What a person states by hand, and what the day looks like with what the gateway has not heard yet. Pure. */
import type { Said, VisitStanding } from "../contract";
import type { Call, Today, Visit } from "./contract";

export type What =
  | "start" | "end" | "cannot_get_in" | "close"
  | "accept" | "decline" | "on_site" | "left" | "outcome";

/** One statement with its own time and key. `about` is the visit, alert or no entry that it is about. */
export interface Statement {
  readonly key: string;
  readonly person: string;
  readonly what: What;
  readonly about: string;
  /** Wall time of this phone, RFC 3339. */
  readonly at: string;
  readonly text: string;
  /** Why the gateway did not take it; null while it waits. */
  readonly refused: Said | "no words" | null;
}

/** The call that says it. The time of an answer to an alert is when the gateway hears it. */
export function requestOf(statement: Statement): { readonly path: string; readonly body: object } {
  const { key, at, text } = statement;
  const about = encodeURIComponent(statement.about);
  switch (statement.what) {
    case "start":
    case "end":
      return { path: `phone/visits/${about}/${statement.what}`, body: { key, at, reason: text } };
    case "cannot_get_in":
      return { path: `phone/visits/${about}/cannot-get-in`, body: { key, at, reason: text } };
    case "close":
      return { path: `phone/no-entries/${about}/close`, body: { key, at, reason: text } };
    default:
      return { path: `phone/alerts/${about}/${statement.what}`, body: { key, text } };
  }
}

const STANDING: Partial<Record<What, VisitStanding>> = { start: "started", end: "ended", cannot_get_in: "no_entry" };
const RESPONSE: Partial<Record<What, Call["response"]>> = { accept: "accepted", on_site: "on_site", left: "left" };

function visitWith(visit: Visit, statement: Statement): Visit {
  const standing = STANDING[statement.what];
  if (!standing || statement.about !== visit.id) return visit;
  const started_at = standing === "started" ? statement.at : visit.started_at;
  return { ...visit, standing, delay: null, started_at, ended_at: standing === "ended" ? statement.at : visit.ended_at };
}

function callWith(call: Call, statement: Statement): Call {
  if (statement.about !== call.id) return call;
  if (statement.what === "outcome") return { ...call, outcome: statement.text };
  return { ...call, response: RESPONSE[statement.what] ?? call.response };
}

/** The day as the person said it is: what waits in the phone counts, what was refused does not. */
export function withUnsent(today: Today, statements: readonly Statement[]): Today {
  const waiting = statements.filter((one) => one.refused === null && one.person === today.person);
  const declined = new Set(waiting.filter((one) => one.what === "decline").map((one) => one.about));
  const closed = new Set(waiting.filter((one) => one.what === "close").map((one) => one.about));
  return {
    ...today,
    visits: today.visits.map((visit) => waiting.reduce(visitWith, visit)),
    alerts: today.alerts.filter((call) => !declined.has(call.id)).map((call) => waiting.reduce(callWith, call)),
    no_entries: today.no_entries.filter((one) => !closed.has(one.id)),
  };
}

/** What waits in the phone about one thing. */
export function waitingAbout(statements: readonly Statement[], about: string): readonly Statement[] {
  return statements.filter((one) => one.about === about && one.refused === null);
}
