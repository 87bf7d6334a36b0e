/** The hours under the day's picture, by the clock on the wall; the date at midnight and the time at the newest end. */
import { clockTime, dateOf, wallMinutes } from "../../times";
import { type Range, ticks } from "../day_shape";
import { ALERTS, LETTER, NARROW, type Scale } from "./day_sizes";

/** Minutes between two lines, wide and narrow. */
const STEP: Record<Range, readonly [number, number]> = { 1: [10, 20], 6: [60, 120], 24: [180, 360] };
/** `00:00` with some air. */
const LABEL = 7 * LETTER;

export function Axis({ from, to, x, foot, range, width }: Scale & { foot: number; range: Range; width: number }) {
  const step = STEP[range][width < NARROW ? 1 : 0];
  return (
    <g class="axis">
      {ticks(from, to, step).map((at) => (
        <Tick key={at} {...{ at, foot }} x={x(at)} label={x(at) > LABEL / 3 && x(to) - x(at) > LABEL} />
      ))}
      <text class="newest-time" x={width} y={foot + 18} text-anchor="end">
        {clockTime(to, to)}
      </text>
    </g>
  );
}

function Tick({ at, x, foot, label }: { at: number; x: number; foot: number; label: boolean }) {
  const midnight = wallMinutes(at) === 0;
  return (
    <g class={midnight ? "midnight" : ""}>
      <line x1={x} x2={x} y1={ALERTS} y2={foot + 4} />
      {label && (
        <text x={Math.max(x, LABEL / 2)} y={foot + 18} text-anchor="middle">
          {clockTime(at, at)}
        </text>
      )}
      {label && midnight && (
        <text x={Math.max(x, LABEL / 2)} y={foot + 36} text-anchor="middle">
          {dateOf(at)}
        </text>
      )}
    </g>
  );
}
