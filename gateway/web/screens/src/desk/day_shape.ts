/** The geometry and the rows of a home's day. Pure. */
import { wallMinutes } from "../times";
import type { Day, Lane } from "./contract";

export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** Why nothing is known: no contact; heard, and not confirmed yet; not connected yet. */
export interface Blank extends Stretch {
  readonly is: "unknown" | "awaited" | "before";
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Milliseconds that a confirmation may take: an edge gives one every 15 minutes. What takes longer is lost contact. */
const AWAITED_MOST = 20 * MINUTE;
/** Hours that the picture can show, up to the newest. */
export const RANGES = [1, 6, 24] as const;
export type Range = (typeof RANGES)[number];

/** The stretches of `from` to `to` (ms) that are stated as covered, in order of time. */
export function coveredStretches(lane: Lane, from: number, to: number): readonly Stretch[] {
  return lane.covered
    .filter((part) => part.covered === true)
    .map((part) => ({ from: Math.max(from, Date.parse(part.from)), to: Math.min(to, Date.parse(part.to)) }))
    .filter((part) => part.to > part.from)
    .sort((one, other) => one.from - other.from);
}

/**
 * The stretches of `from` to `to` (ms) in which nobody knows what happened: everything that is not stated as covered.
 * What the gateway does not mention is unknown too; silence is never drawn as calm.
 */
export function unknownStretches(lane: Lane, from: number, to: number): readonly Stretch[] {
  const unknown: Stretch[] = [];
  let known = from;
  for (const part of coveredStretches(lane, from, to)) {
    if (part.from > known) unknown.push({ from: known, to: part.from });
    known = Math.max(known, part.to);
  }
  if (known < to) unknown.push({ from: known, to });
  return unknown;
}

/** The same with the reason: what is unknown is cut where the home was connected, and where a confirmation is awaited. */
export function blanks(day: Day, lane: Lane, from: number, to: number): readonly Blank[] {
  const began = day.began ? Date.parse(day.began) : -Infinity;
  const awaited = awaitedIn(day, lane);
  return unknownStretches(lane, from, to).flatMap((part) => {
    const cut = Math.min(part.to, Math.max(part.from, began));
    const pieces: Blank[] = [
      { is: "before", from: part.from, to: cut },
      { is: "unknown", from: cut, to: Math.min(part.to, Math.max(cut, awaited.from)) },
      { is: "awaited", from: Math.max(cut, awaited.from), to: Math.min(part.to, awaited.to) },
      { is: "unknown", from: Math.max(cut, awaited.to), to: part.to },
    ];
    return pieces.filter((piece) => piece.to > piece.from);
  });
}

/** The newest stretch, while a confirmation may still come: not once the edge is known to be silent. */
function awaitedIn(day: Day, lane: Lane): Stretch {
  const part = lane.covered.find((one) => one.awaited);
  if (!part) return { from: Infinity, to: Infinity };
  const silent = day.alerts.filter((alert) => alert.condition === "edge_silent" && alert.active).map((alert) => Date.parse(alert.occurred_at));
  const from = Date.parse(part.from);
  return { from, to: Date.parse(part.to) - from > AWAITED_MOST ? from : Math.max(from, Math.min(Date.parse(part.to), ...silent)) };
}

/** The hours to show first: all, or fewer where the home was connected so late that most of them would be empty. */
export function firstRange(day: Day): Range {
  const known = day.began ? Date.parse(day.to) - Date.parse(day.began) : Infinity;
  return RANGES.find((hours) => known <= hours * HOUR) ?? 24;
}

/** Full steps (minutes, a divisor or a multiple of 60) by the clock on the wall between `from` and `to` (ms). */
export function ticks(from: number, to: number, step: number): readonly number[] {
  const width = Math.min(step, 60) * MINUTE;
  const first = Math.ceil(from / width) * width;
  const all = Array.from({ length: Math.max(0, Math.floor((to - first) / width) + 1) }, (_, index) => first + index * width);
  return all.filter((at) => wallMinutes(at) % step === 0);
}

/** The newest thing that a lane tells: a state with its beginning (null: before the day), or an event. */
export interface Newest {
  readonly at: number | null;
  readonly kind: string;
  readonly value: string | number | boolean | null;
  readonly unit: string | null;
  readonly is: "mark" | "span";
}

export function newestOf(day: Day, lane: Lane): Newest | null {
  const [mark, span] = [lane.marks.at(-1), lane.spans.at(-1)];
  if (span) return { at: span.from === day.from ? null : Date.parse(span.from), kind: span.state, value: null, unit: null, is: "span" };
  return mark ? { at: Date.parse(mark.at), kind: mark.kind, value: mark.value, unit: mark.unit ?? null, is: "mark" } : null;
}

/** One row of the table that says the same as the picture. */
export interface DayRow {
  readonly at: number;
  readonly until: number | null;
  readonly lane: Lane | null;
  readonly is: "mark" | "span" | "alert" | Blank["is"];
  readonly code: string;
  readonly value: string | number | boolean | null;
  readonly unit?: string | null;
}

/** Everything in the picture in order of time. */
export function dayRows(day: Day): readonly DayRow[] {
  const [from, to] = [Date.parse(day.from), Date.parse(day.to)];
  const rows = day.lanes.flatMap((lane) => laneRows(day, lane, from, to));
  const alerts = day.alerts.map(
    (alert): DayRow => ({ at: Date.parse(alert.occurred_at), until: null, lane: null, is: "alert", code: alert.condition, value: null }),
  );
  return [...rows, ...alerts].sort((one, other) => one.at - other.at);
}

function laneRows(day: Day, lane: Lane, from: number, to: number): readonly DayRow[] {
  return [
    ...lane.marks.map((mark): DayRow => ({ at: Date.parse(mark.at), until: null, lane, is: "mark", code: mark.kind, value: mark.value, unit: mark.unit ?? null })),
    ...lane.spans.map((span): DayRow => ({ at: Date.parse(span.from), until: Date.parse(span.to), lane, is: "span", code: span.state, value: null })),
    ...blanks(day, lane, from, to).map((part): DayRow => ({ at: part.from, until: part.to, lane, is: part.is, code: part.is, value: null })),
  ];
}
