/** What the gateway says and hears under /api/v1, as the desk alone relies on it. Times are RFC 3339 text with Z. */
import type { Problem, ResponseStanding } from "../contract";

export type Urgency = "call" | "concern" | "fault";
export type Standing = "raised" | "acknowledged" | "resolved";
export type Action =
  | "take" | "release" | "hand_over" | "acknowledge"
  | "call_back" | "send" | "on_site" | "left" | "outcome" | "resolve";
export type CallResult = "reached" | "no_answer" | "busy";

/** What an action needs beside the alert. `confirm`: the operator has read the warning and goes on. */
export interface Saying {
  readonly reason?: string;
  readonly to?: string;
  readonly result?: CallResult;
  readonly text?: string;
  readonly confirm?: boolean;
}

/** The newest attempt to talk with the home. */
export interface CallBack {
  readonly at: string;
  readonly by: string;
  readonly result: CallResult;
}

/** To whom the alert was sent last, and how that person stands to it. */
export interface Responding {
  readonly person: string;
  readonly name: string;
  readonly standing: ResponseStanding;
  readonly sent_at: string;
  readonly accepted_at: string | null;
  readonly on_site_at: string | null;
  readonly left_at: string | null;
}

/** One alert as it stands. `active`: the condition still holds; `standing`: how people stand to it. */
export interface AlertView {
  readonly id: string;
  /** Null for a home that is no longer enrolled. */
  readonly unit: string | null;
  readonly home: string;
  readonly home_label: string;
  readonly address: string;
  readonly resident: string;
  readonly condition: string;
  readonly urgency: Urgency;
  readonly subject: string | null;
  readonly placement: string | null;
  readonly occurred_at: string;
  readonly raised_at: string;
  readonly last_occurred_at: string;
  readonly occurrences: number;
  readonly active: boolean;
  readonly standing: Standing;
  readonly version: number;
  readonly claimed_by: string | null;
  readonly acknowledged_by: string | null;
  readonly resolved_by: string | null;
  readonly reason: string | null;
  readonly redelivered: boolean;
  readonly explanation: Readonly<Record<string, string | number>> | null;
  readonly edge_silent_since: string | null;
  /** The pseudonym of whoever has it; the name where nobody signs in. */
  readonly claimed_by_id: string | null;
  /** Somebody has it: the one who took it, or a responder who set out. */
  readonly attended: boolean;
  /** How far time has escalated it: 0 not, 1 all desks, 2 another system too, 3 and more again and again. */
  readonly rung: number;
  readonly escalated_at: string | null;
  readonly instruction: string | null;
  /** `tel:` or `sip:`. */
  readonly call_link: string | null;
  /** Since when whoever has it talks with the home; null while nobody said so. */
  readonly calling_since: string | null;
  readonly called_back: CallBack | null;
  readonly response: Responding | null;
  /** Who is inside as well, though somebody else was sent after them. */
  readonly beside: readonly Responding[];
  readonly outcome: string | null;
  /** A responder is in the home as far as anybody knows. */
  readonly inside: boolean;
  /** What the home lacks: `in_service`, `consent_resident`, `consent_cohabitant`. */
  readonly missing: readonly string[];
}

/** Somebody on duty: a caregiver can be sent, an operator can take over. */
export interface OnDuty {
  readonly person: string;
  readonly name: string;
  readonly role: string;
}

/** What is to be done in a home; version 0: nobody has written anything yet. */
export interface Instruction {
  readonly home: string;
  readonly text: string;
  readonly call_link: string | null;
  readonly version: number;
}

/** The open alerts as of feed number `number`. */
export interface Snapshot {
  readonly number: number;
  readonly alerts: readonly AlertView[];
}

/** Every 2 s: the gateway's own time and which of its parts answer. */
export interface Pulse {
  readonly at: string;
  readonly bulk_alive: boolean;
  readonly database: boolean;
  readonly broker: boolean;
}

export interface Mark {
  readonly at: string;
  readonly kind: string;
  readonly value: string | number | boolean | null;
  /** Of a measured value. */
  readonly unit?: string | null;
}

export interface Span {
  readonly from: string;
  readonly to: string;
  readonly state: string;
}

/** `covered`: true, the device could be heard; false or null, nobody knows what happened. */
export interface Coverage {
  readonly from: string;
  readonly to: string;
  readonly covered: boolean | null;
  /** Before it the device was heard, and the edge has not confirmed more yet. */
  readonly awaited?: boolean;
}

export interface Lane {
  readonly device: string;
  readonly placement: string;
  readonly capability: string;
  readonly marks: readonly Mark[];
  readonly spans: readonly Span[];
  readonly covered: readonly Coverage[];
}

export interface Day {
  readonly home: string;
  readonly label: string;
  readonly from: string;
  readonly to: string;
  /** When the home was connected; null where nothing was ever heard of it. */
  readonly began: string | null;
  readonly lanes: readonly Lane[];
  readonly alerts: readonly AlertView[];
}

/** Why an action did not happen. `alert` is how it stands now, where the gateway could say. */
export interface ActionProblem extends Problem {
  readonly alert?: AlertView | null;
}
