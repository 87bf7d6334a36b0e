/** The day as a picture: a lane a device, marks and spans in it, hatched wherever nobody knows. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { clockTime } from "../../times";
import { useDeskWords } from "../../words/desk";
import { wordFor } from "../../words/said";
import type { AlertView, Day, Lane } from "../contract";
import { coveredStretches, hours, unknownStretches } from "../day_shape";
import { happened, laneName } from "./day_words";

/** Sizes in CSS pixels: the picture is drawn at the width it has, so that its letters never shrink. */
const NAME = 22;
const BAR = 26;
const LANE = NAME + BAR + 8;
const AXIS = 30;
const ALERTS = 26;
const POINT = 9;
const NARROW = 480;
/** The narrowest mark and span that can still be seen. */
const LEAST = 3;

export function DayPicture({ day }: { day: Day }) {
  const words = useDeskWords();
  const box = useRef<HTMLDivElement>(null);
  const width = useWidthOf(box);
  const [from, to] = [Date.parse(day.from), Date.parse(day.to)];
  const x = (at: number): number => (Math.min(Math.max(at, from), to) - from) / (to - from) * width;
  const foot = ALERTS + day.lanes.length * LANE;
  const marks = day.lanes.reduce((sum, lane) => sum + lane.marks.length + lane.spans.length, day.alerts.length);
  return (
    <div class="picture" ref={box}>
      <svg width={width} height={foot + AXIS} role="img" aria-label={words.day.describe(day.lanes.length, marks)}>
        <defs>
          <pattern id="unknown" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
            <rect width="8" height="8" class="hatch-ground" />
            <rect width="3" height="8" class="hatch-line" />
          </pattern>
        </defs>
        <Axis {...{ from, to, x, foot }} step={width < NARROW ? 6 : 3} />
        {day.lanes.map((lane, index) => (
          <LaneOf key={`${lane.device}-${lane.capability}`} {...{ lane, x, from, to }} top={ALERTS + index * LANE} />
        ))}
        {day.alerts.map((alert) => (
          <AlertMark key={alert.id} {...{ alert, foot, to }} at={Math.min(Math.max(x(Date.parse(alert.occurred_at)), POINT), width - POINT)} />
        ))}
      </svg>
      <ul class="legend">
        <li class="key-unknown">{words.day.unknown}</li>
        <li class="key-covered">{words.day.covered}</li>
        <li class="key-alert">{words.day.alerts}</li>
      </ul>
    </div>
  );
}

/** A point above the lanes and a line through them all, kept inside the picture. */
function AlertMark({ alert, at, foot, to }: { alert: AlertView; at: number; foot: number; to: number }) {
  const words = useDeskWords();
  return (
    <g class={`alert-mark ${alert.urgency}`}>
      <title>{`${wordFor(words.condition, alert.condition)} ${clockTime(alert.occurred_at, to)}`}</title>
      <line x1={at} x2={at} y1={ALERTS - 6} y2={foot} />
      <path d={`M${-POINT} 0h${2 * POINT}L0 15z`} transform={`translate(${at} 4)`} />
    </g>
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

interface Scale {
  readonly from: number;
  readonly to: number;
  x(at: number): number;
}

function Axis({ from, to, x, foot, step }: Scale & { foot: number; step: number }) {
  const label = (at: number): string => clockTime(at, at).slice(0, 2);
  return (
    <g class="axis">
      {hours(from, to, step).map((at) => (
        <g key={at}>
          <line x1={x(at)} x2={x(at)} y1={ALERTS} y2={foot} />
          <text x={x(at)} y={foot + 20} text-anchor={x(at) < 16 ? "start" : x(at) > x(to) - 16 ? "end" : "middle"}>
            {label(at)}
          </text>
        </g>
      ))}
    </g>
  );
}

function LaneOf({ lane, top, from, to, x }: Scale & { lane: Lane; top: number }) {
  const words = useDeskWords();
  const bar = top + NAME;
  const stretch = (one: number, other: number) => ({ x: Math.min(x(one), x(to) - LEAST), y: bar, height: BAR, width: Math.max(LEAST, x(other) - x(one)) });
  return (
    <g class={`lane ${lane.capability}`}>
      <text class="name" x="0" y={top + NAME - 6}>
        {laneName(words, lane)}
      </text>
      {coveredStretches(lane, from, to).map((part) => (
        <rect key={part.from} class="covered" {...stretch(part.from, part.to)}>
          <title>{`${words.day.covered} ${words.day.until(clockTime(part.from, to), clockTime(part.to, to))}`}</title>
        </rect>
      ))}
      {lane.spans.map((span) => (
        <rect key={span.from} class={`span ${span.state}`} {...stretch(Date.parse(span.from), Date.parse(span.to))}>
          <title>{`${wordFor(words.state, span.state)} ${words.day.until(clockTime(span.from, to), clockTime(span.to, to))}`}</title>
        </rect>
      ))}
      {unknownStretches(lane, from, to).map((part) => (
        <rect key={part.from} class="unknown" fill="url(#unknown)" {...stretch(part.from, part.to)}>
          <title>{`${words.day.unknown} ${words.day.until(clockTime(part.from, to), clockTime(part.to, to))}`}</title>
        </rect>
      ))}
      {lane.marks.map((mark) => (
        <rect key={mark.at + mark.kind} class={`mark ${mark.kind}`} {...stretch(Date.parse(mark.at), Date.parse(mark.at))}>
          <title>{`${happened(words, mark.kind, mark.value)} ${clockTime(mark.at, to)}`}</title>
        </rect>
      ))}
    </g>
  );
}
