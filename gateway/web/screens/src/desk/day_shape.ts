/** The geometry and the rows of a home's day. Pure. */
import type { Day, Lane } from "./contract";

export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** The stretches of `from` to `to` (ms) that are stated as covered, in order of time. */
export function coveredStretches(lane: Lane, from: number, to: number): readonly Stretch[] {
  return lane.covered
    .filter((part) => part.covered === true)
    .map((part) => ({ from: Math.max(from, Date.parse(part.from)), to: Math.min(to, Date.parse(part.to)) }))
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

/** Full hours between `from` and `to` (ms), every `step` hours. */
export function hours(from: number, to: number, step: number): readonly number[] {
  const width = step * 3_600_000;
  const first = Math.ceil(from / width) * width;
  return Array.from({ length: Math.max(0, Math.floor((to - first) / width) + 1) }, (_, index) => first + index * width);
}

/** One row of the table that says the same as the picture. */
export interface DayRow {
  readonly at: number;
  readonly until: number | null;
  readonly lane: Lane | null;
  readonly is: "mark" | "span" | "unknown" | "alert";
  readonly code: string;
  readonly value: string | number | boolean | null;
}

/** Everything in the picture in order of time. */
export function dayRows(day: Day): readonly DayRow[] {
  const [from, to] = [Date.parse(day.from), Date.parse(day.to)];
  const rows = day.lanes.flatMap((lane) => laneRows(lane, from, to));
  const alerts = day.alerts.map(
    (alert): DayRow => ({ at: Date.parse(alert.occurred_at), until: null, lane: null, is: "alert", code: alert.condition, value: null }),
  );
  return [...rows, ...alerts].sort((one, other) => one.at - other.at);
}

function laneRows(lane: Lane, from: number, to: number): readonly DayRow[] {
  return [
    ...lane.marks.map((mark): DayRow => ({ at: Date.parse(mark.at), until: null, lane, is: "mark", code: mark.kind, value: mark.value })),
    ...lane.spans.map((span): DayRow => ({ at: Date.parse(span.from), until: Date.parse(span.to), lane, is: "span", code: span.state, value: null })),
    ...unknownStretches(lane, from, to).map((part): DayRow => ({ at: part.from, until: part.to, lane, is: "unknown", code: "unknown", value: null })),
  ];
}
