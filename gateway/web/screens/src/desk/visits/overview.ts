/** Which visits a coordinator looks at: the stretch of time, and the choice among them. Pure. */
import { sinceMidnight } from "../../times";
import type { VisitView } from "./contract";

export const CHOICES = ["all", "late", "missed", "under_way", "done"] as const;
export type Choice = (typeof CHOICES)[number];

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Milliseconds: a night shift sees its whole night, also on the other side of midnight. */
const SHIFT = 8 * HOUR;

export interface Stretch {
  readonly from: string;
  readonly until: string;
}

/** The day of `now` where the homes are, and at least a shift back and a shift ahead; by full hours, so that it rarely moves. */
export function stretchAround(now: number): Stretch {
  const hour = Math.floor(now / HOUR) * HOUR;
  const midnight = hour - Math.floor(sinceMidnight(now) / HOUR) * HOUR;
  const from = Math.min(midnight, hour - SHIFT);
  const until = Math.max(midnight + DAY, hour + HOUR + SHIFT);
  return { from: new Date(from).toISOString(), until: new Date(until).toISOString() };
}

export function isChosen(visit: VisitView, choice: Choice): boolean {
  switch (choice) {
    case "all":
      return true;
    case "late":
    case "missed":
      return visit.delay === choice;
    case "under_way":
      return visit.standing === "started";
    case "done":
      return visit.standing === "ended" || visit.standing === "partial";
  }
}

/** How many there are of each choice. */
export function counts(visits: readonly VisitView[]): Readonly<Record<Choice, number>> {
  const count = (choice: Choice): number => visits.filter((visit) => isChosen(visit, choice)).length;
  return { all: visits.length, late: count("late"), missed: count("missed"), under_way: count("under_way"), done: count("done") };
}
