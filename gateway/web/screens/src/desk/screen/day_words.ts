/** Names of lanes and marks, for the picture and for the table alike. */
import { clockTime } from "../../times";
import type { DeskWords } from "../../words/desk_sv";
import { numberIn } from "../../words/numbers";
import { wordFor } from "../../words/said";
import type { Lane, Mark } from "../contract";
import type { Newest } from "../day_shape";

/** `anropsknapp · hallen` */
export function laneName(words: DeskWords, lane: Lane): string {
  return [wordFor(words.capability, lane.capability), wordFor(words.placement, lane.placement)].join(" · ");
}

/** `dörr eller fönster: öppen`, `mätvärde: 21,5 °C` */
export function happened(words: DeskWords, { kind, value, unit }: Pick<Mark, "kind" | "value" | "unit">): string {
  const what = wordFor(words.mark, kind);
  const once = kind === "help_called" && value === 1;
  return value === null || value === "" || once ? what : `${what}: ${valueWords(words, value, unit)}`;
}

function valueWords(words: DeskWords, value: string | number | boolean, unit: string | null | undefined): string {
  if (typeof value !== "number") return wordFor(words.state, String(value));
  return [numberIn(words.language, value), unit].filter(Boolean).join("\u00a0");
}

/** `18:20 öppen`, `18:20 21,5 °C` or, where it began before the day, `öppen sedan tidigare` */
export function newestWords(words: DeskWords, newest: Newest, now: number): string {
  if (newest.is === "span") {
    const state = wordFor(words.state, newest.kind);
    return newest.at === null ? words.day.since(state) : words.day.newest(state, clockTime(newest.at, now));
  }
  const value = newest.kind === "help_called" || newest.value === null ? "" : valueWords(words, newest.value, newest.unit);
  return words.day.newest(value, clockTime(newest.at ?? now, now)).trim();
}
