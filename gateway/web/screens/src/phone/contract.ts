/** What the gateway says and hears under /api/v1/phone, as the phone alone relies on it. Times are RFC 3339 text with Z. */
import type { ResponseStanding, Said, VisitStanding } from "../contract";

export interface Visit {
  readonly id: string;
  readonly unit: string;
  readonly home: string;
  readonly label: string;
  readonly address: string;
  readonly resident: string;
  readonly from: string;
  readonly until: string;
  readonly people: readonly string[];
  readonly tasks: readonly string[];
  readonly standing: VisitStanding;
  /** `late`: nobody has begun it in time; `missed`: its planned time is over. */
  readonly delay: "late" | "missed" | null;
  readonly started_at: string | null;
  readonly ended_at: string | null;
  readonly version: number;
  /** The home has a lock that takes commands; `unlatch`: its latch may be pulled too. */
  readonly door: boolean;
  readonly unlatch: boolean;
}

/** An alert that was sent to this person. */
export interface Call {
  readonly id: string;
  readonly home: string;
  readonly label: string;
  readonly address: string;
  readonly resident: string;
  readonly condition: string;
  readonly occurrences: number;
  readonly occurred_at: string;
  readonly instruction: string | null;
  readonly response: ResponseStanding;
  readonly outcome: string | null;
  readonly version: number;
  readonly door: boolean;
  readonly unlatch: boolean;
  /** The desk closed it while this person was inside, who may still lock and leave. */
  readonly closed: boolean;
}

/** Somebody could not get in; open until a named person closes it. */
export interface NoEntry {
  readonly id: string;
  readonly visit: string;
  readonly home: string;
  readonly label: string;
  readonly address: string;
  readonly at: string;
  readonly reason: string;
  readonly closed_at: string | null;
}

export interface Today {
  readonly person: string;
  readonly name: string;
  readonly at: string;
  readonly visits: readonly Visit[];
  readonly alerts: readonly Call[];
  readonly no_entries: readonly NoEntry[];
  /** Homes of these whose lock said last that it is not locked. */
  readonly unlocked: readonly string[];
}

/** What a tag proved. */
export interface TagAnswer {
  readonly home: string;
  readonly label: string;
  readonly address: string;
  readonly place: "door" | "inside";
  readonly visit: Visit | null;
  readonly alert: string | null;
  readonly words: Said;
}

/** What a door is opened for. */
export type Purpose = { readonly visit: string } | { readonly alert: string };
