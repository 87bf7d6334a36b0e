/** Which visits a coordinator looks at: the stretch of time, and the choice among them. Pure. */
import { midnight } from "../../times";
import type { VisitView } from "./contract";

export const CHOICES = ["all", "late", "missed", "under_way", "done"] as const;
export type Choice = (typeof CHOICES)[number];

/** Which day is looked at; `today` goes on over midnight on both sides. */
export const DAYS = ["yesterday", "today", "tomorrow"] as const;
export type DayChoice = (typeof DAYS)[number];

const HOUR = 3_600_000;
/** Milliseconds: a night shift sees its whole night, also on the other side of midnight. */
const SHIFT = 8 * HOUR;

export interface Stretch {
  readonly from: string;
  readonly until: string;
}

/** From midnight to midnight where the homes are: 23 or 25 hours on the days on which the clock changes. */
export function stretchOf(day: DayChoice, now: number): Stretch {
  const start = DAYS.indexOf(day) - DAYS.indexOf("today");
  const [from, until] = [midnight(now, start), midnight(now, start + 1)];
  return day === "today" ? around(from, until, now) : { from: new Date(from).toISOString(), until: new Date(until).toISOString() };
}

/** An instant of the day that is looked at: now, or its beginning. */
export function dayStart(day: DayChoice, now: number): number {
  return day === "today" ? now : midnight(now, DAYS.indexOf(day) - DAYS.indexOf("today"));
}

/** At least a shift back and a shift ahead; by full hours, so that it rarely moves. */
function around(from: number, until: number, now: number): Stretch {
  const hour = Math.floor(now / HOUR) * HOUR;
  return { from: new Date(Math.min(from, hour - SHIFT)).toISOString(), until: new Date(Math.max(until, hour + HOUR + SHIFT)).toISOString() };
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
