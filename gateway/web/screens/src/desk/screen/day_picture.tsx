/** The day as a picture: a lane a device, what it told last, marks and spans, and a pattern wherever nobody knows. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { clockChange, clockTime } from "../../times";
import { useDeskWords } from "../../words/desk";
import type { Day } from "../contract";
import { RANGES, type Range, blanks, firstRange } from "../day_shape";
import { AlertMark } from "./day_alert";
import { Axis } from "./day_axis";
import { type Blanks, LaneName, LaneOf } from "./day_lane";
import { ALERTS, AXIS, PAD, laneHeight } from "./day_sizes";

const HOUR = 3_600_000;

export function DayPicture({ day }: { day: Day }) {
  const words = useDeskWords();
  const box = useRef<HTMLDivElement>(null);
  const width = useWidthOf(box);
  const [chosen, choose] = useState<Range | null>(null);
  const range = chosen ?? firstRange(day);
  const to = Date.parse(day.to);
  const from = Math.max(Date.parse(day.from), to - range * HOUR);
  const x = (at: number): number => PAD + ((Math.min(Math.max(at, from), to) - from) / (to - from)) * (width - 2 * PAD);
  const scale = { from, to, x };
  const height = laneHeight(width);
  const foot = ALERTS + day.lanes.length * height;
  const marks = day.lanes.reduce((sum, lane) => sum + lane.marks.length + lane.spans.length, day.alerts.length);
  const reasons = new Set(day.lanes.flatMap((lane) => blanks(day, lane, from, to).map((part) => part.is)));
  return (
    <div class="picture" ref={box}>
      <div class="range" role="group" aria-label={words.day.range}>
        {RANGES.map((hours) => (
          <button key={hours} type="button" aria-pressed={hours === range} onClick={() => choose(hours)}>
            {words.day.hours(hours)}
          </button>
        ))}
      </div>
      <Remarks {...{ day, from, to }} />
      <svg width={width} height={foot + AXIS} role="img" aria-label={words.day.describe(day.lanes.length, marks, words.day.hours(range))}>
        <Patterns />
        <Axis {...scale} foot={foot} range={range} width={width} />
        {day.lanes.map((lane, index) => (
          <LaneOf key={`${lane.device}-${lane.capability}`} {...{ ...scale, day, lane, width }} top={ALERTS + index * height} />
        ))}
        {day.alerts.map((alert) => (
          <AlertMark key={alert.id} {...{ ...scale, alert, foot }} />
        ))}
        {day.lanes.map((lane, index) => (
          <LaneName key={`${lane.device}-${lane.capability}`} {...{ day, lane, width, to }} top={ALERTS + index * height} />
        ))}
      </svg>
      <Legend reasons={reasons} />
    </div>
  );
}

/** What must be known before the picture is read: when the home began to speak, and that the clock changed. */
function Remarks({ day, from, to }: { day: Day; from: number; to: number }) {
  const words = useDeskWords().day;
  const change = clockChange(from, to);
  const began = day.began && Date.parse(day.began) > Date.parse(day.from) ? day.began : null;
  return (
    <>
      {began && <p class="remark">{words.began(clockTime(began, to))}</p>}
      {change && <p class="remark">{(change.forward ? words.clockForward : words.clockBack)(clockTime(change.at, change.at))}</p>}
    </>
  );
}

/** Patterns and not colours alone: lines for lost contact, points for what is not confirmed yet. */
function Patterns() {
  return (
    <defs>
      <pattern id="unknown" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <rect width="8" height="8" class="hatch-ground" />
        <rect width="3" height="8" class="hatch-line" />
      </pattern>
      <pattern id="awaited" width="8" height="8" patternUnits="userSpaceOnUse">
        <circle cx="4" cy="4" r="1.6" class="hatch-line" />
      </pattern>
    </defs>
  );
}

function Legend({ reasons }: { reasons: ReadonlySet<Blanks> }) {
  const words = useDeskWords().day;
  return (
    <ul class="legend">
      <li class="key-covered">{words.covered}</li>
      {reasons.has("awaited") && <li class="key-awaited">{words.awaited}</li>}
      {reasons.has("unknown") && <li class="key-unknown">{words.unknown}</li>}
      {reasons.has("before") && <li class="key-before">{words.before}</li>}
      <li class="key-span">{words.lasts}</li>
      <li class="key-mark">{words.happens}</li>
      <li class="key-alert">{words.alerts}</li>
    </ul>
  );
}

function useWidthOf(box: { readonly current: HTMLDivElement | null }): number {
  const [width, setWidth] = useState(320);
  useLayoutEffect(() => {
    if (!box.current) return;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 320)));
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  return width;
}
