/** What the gateway says of visits to a coordinator, as the overview relies on it. Times are RFC 3339 text with Z. */
import type { VisitStanding } from "../../contract";

export type Delay = "late" | "missed";
export type Proof = "door" | "tag" | "by_hand";

/** Somebody who came: when and by what it is known; `*_reason` is what was written by hand, else empty. */
export interface Participant {
  readonly person: string;
  readonly name: string;
  readonly arrived_at: string | null;
  readonly arrived_by: Proof | null;
  readonly arrived_reason: string;
  readonly left_at: string | null;
  readonly left_by: Proof | null;
  readonly left_reason: string;
  /** The phone's clock claims a time that had not come. */
  readonly clock_suspect: boolean;
}

/** A visit as planned and as done. Not `planned`: an alarm brought somebody there. */
export interface VisitView {
  readonly id: string;
  readonly unit: string;
  readonly home: string;
  readonly label: string;
  readonly address: string;
  readonly resident: string;
  readonly from: string;
  readonly until: string;
  readonly planned: boolean;
  readonly people: readonly string[];
  readonly tasks: readonly string[];
  readonly standing: VisitStanding;
  readonly delay: Delay | null;
  readonly participants: readonly Participant[];
}

/** Somebody could not get in and nobody has closed it. */
export interface NoEntryView {
  readonly id: string;
  readonly visit: string;
  readonly home: string;
  readonly label: string;
  readonly address: string;
  readonly resident: string;
  readonly name: string;
  readonly at: string;
  readonly reason: string;
}

/** How it ended: under whose name, when and how it went. */
export interface ClosedNoEntry extends NoEntryView {
  /** Null for somebody who is no longer known. */
  readonly closed_by: string | null;
  readonly closed_at: string;
  readonly closing_reason: string;
}

/** Everything as it stood at `at`. */
export interface VisitList {
  readonly at: string;
  readonly visits: readonly VisitView[];
  readonly no_entries: readonly NoEntryView[];
  /** Of these visits. */
  readonly closed: readonly ClosedNoEntry[];
}
