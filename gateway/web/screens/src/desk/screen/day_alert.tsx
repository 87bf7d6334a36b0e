/** An alarm in the day's picture: a point above the lanes and a line through them all, right where it happened. */
import { clockTime } from "../../times";
import { useDeskWords } from "../../words/desk";
import { wordFor } from "../../words/said";
import type { AlertView } from "../contract";
import { ALERTS, PAD, POINT, type Scale } from "./day_sizes";

export function AlertMark({ alert, foot, from, to, x }: Scale & { alert: AlertView; foot: number }) {
  const words = useDeskWords();
  const what = wordFor(words.condition, alert.condition);
  const occurred = Date.parse(alert.occurred_at);
  const time = clockTime(occurred, to);
  // What is older than the picture points out of it: a line at its edge would claim that it happened there.
  if (occurred < from) {
    return (
      <g class={`alert-mark earlier ${alert.urgency}`}>
        <title>{words.day.earlier(what, time)}</title>
        <path d={`M0 ${POINT}L14 0V${2 * POINT}z`} transform={`translate(${PAD - POINT} 2)`} />
      </g>
    );
  }
  const at = x(occurred);
  return (
    <g class={`alert-mark ${alert.urgency}`}>
      <title>{`${what} ${time}`}</title>
      <line x1={at} x2={at} y1={ALERTS - 6} y2={foot} />
      <path d={`M${-POINT} 0h${2 * POINT}L0 15z`} transform={`translate(${at} 4)`} />
    </g>
  );
}
