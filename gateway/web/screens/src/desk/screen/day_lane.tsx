/** One device's lane in the day's picture: its name and what it told last, then what was known, what lasted, what happened. */
import { clockTime } from "../../times";
import { useDeskWords } from "../../words/desk";
import { wordFor } from "../../words/said";
import type { Day, Lane } from "../contract";
import { type Blank, blanks, coveredStretches, newestOf } from "../day_shape";
import { BAR, LEAST, LETTER, NAME, NARROW, PAD, type Scale, nameHeight } from "./day_sizes";
import { happened, laneName, newestWords } from "./day_words";

export type Blanks = Blank["is"];

/** States that are the rest of a device: nothing lasts while they do. */
const REST = ["closed", "still", "locked", "dry", "absent"];
/** Pixels by which somebody's call stands out of its lane. */
const TALLER = 4;

interface Place {
  readonly day: Day;
  readonly lane: Lane;
  readonly top: number;
  readonly width: number;
}

/** Above everything else: an alarm's line passes under the words. */
export function LaneName({ day, lane, top, width, to }: Place & { readonly to: number }) {
  const words = useDeskWords();
  const newest = newestOf(day, lane);
  const y = top + NAME - 6;
  const below = width < NARROW;
  return (
    <g class="lane-name" data-lane={`${lane.device}-${lane.capability}`}>
      <text class="name" x={PAD} y={y}>
        {laneName(words, lane)}
      </text>
      {newest && (
        <text class="newest-word" x={below ? PAD : width - PAD} y={below ? top + nameHeight(width) - 6 : y} text-anchor={below ? "start" : "end"}>
          {newestWords(words, newest, to)}
        </text>
      )}
    </g>
  );
}

export function LaneOf({ day, lane, top, width, from, to, x }: Place & Scale) {
  const words = useDeskWords();
  const y = top + nameHeight(width);
  const shown = ({ from: one, to: other }: { from: number; to: number }): boolean => other >= from && one <= to;
  const stretch = (one: number, other: number) => ({ x: Math.min(x(one), x(to) - LEAST), y, height: BAR, width: Math.max(LEAST, x(other) - x(one)) });
  const during = (what: string, one: number, other: number): string => `${what} ${words.day.until(clockTime(one, to), clockTime(other, to))}`;
  const spans = lane.spans.map((span) => ({ state: span.state, from: Date.parse(span.from), to: Date.parse(span.to) })).filter(shown);
  const marks = lane.marks.filter((mark) => shown({ from: Date.parse(mark.at), to: Date.parse(mark.at) }));
  return (
    <g class={`lane ${lane.capability}`} data-lane={`${lane.device}-${lane.capability}`}>
      {coveredStretches(lane, from, to).map((part) => (
        <rect key={part.from} class="covered" {...stretch(part.from, part.to)}>
          <title>{during(words.day.covered, part.from, part.to)}</title>
        </rect>
      ))}
      {blanks(day, lane, from, to).map((part) => (
        <g key={part.from} class={part.is}>
          <rect fill={part.is === "before" ? "none" : `url(#${part.is})`} {...stretch(part.from, part.to)} />
          <title>{during(words.day[part.is], part.from, part.to)}</title>
        </g>
      ))}
      {spans.map((span) => (
        <g key={span.from} class={`span ${span.state}${REST.includes(span.state) ? " rest" : ""}`}>
          <rect {...stretch(span.from, span.to)} />
          <Inside text={wordFor(words.state, span.state)} {...{ ...stretch(span.from, span.to), rest: REST.includes(span.state), narrow: width < NARROW }} />
          <title>{during(wordFor(words.state, span.state), span.from, span.to)}</title>
        </g>
      ))}
      {marks.map((mark) => {
        const called = mark.kind === "help_called" || mark.kind === "fall_detected";
        const at = x(Date.parse(mark.at)) - LEAST / 2;
        return (
          <rect key={mark.at + mark.kind} class={`mark ${mark.kind}`} x={at} width={LEAST} y={called ? y - TALLER : y} height={called ? BAR + 2 * TALLER : BAR}>
            <title>{`${happened(words, mark)} ${clockTime(mark.at, to)}`}</title>
          </rect>
        );
      })}
    </g>
  );
}

/** The state in words inside its bar, where there is room: a colour alone says nothing to who cannot tell it from another. */
function Inside({ text, x, y, width, rest, narrow }: { text: string; x: number; y: number; width: number; rest: boolean; narrow: boolean }) {
  if (rest || width < (text.length + (narrow ? 1 : 2)) * LETTER) return null;
  return (
    <text class="inside" x={x + width / 2} y={y + BAR - 7} text-anchor="middle">
      {text}
    </text>
  );
}
