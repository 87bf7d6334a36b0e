/** What is wrong and since when, from what the rules say of it. Pure. */
import type { AlertView } from "./contract";
import { clockTime } from "./times";
import { wordFor } from "./words";
import type { Words } from "./words/language";

/** Which value of a rule's explanation says since when it has been so (wall microseconds). */
const SINCE: Readonly<Record<string, string>> = {
  front_door_open_at_night: "opened",
  inactivity: "since",
  device_silent: "since",
  edge_silent: "since",
};

/** `Fara i hemmet: rök` */
export function whatWords(words: Words, alert: AlertView): string {
  const what = wordFor(words.condition, alert.condition);
  const hazard = alert.explanation?.["hazard"];
  return hazard === undefined ? what : `${what}: ${wordFor(words.hazard, String(hazard))}`;
}

/** What it means and what to do, or `Öppen sedan 02:10`; null where there is nothing to add. */
export function whyWords(words: Words, alert: AlertView, now: number): string | null {
  const cause = words.cause[String(alert.explanation?.["why"] ?? alert.explanation?.["doubt"])];
  if (cause !== undefined) return cause;
  const since = alert.explanation?.[SINCE[alert.condition] ?? ""];
  const say = words.why[alert.condition];
  return typeof since === "number" && say ? say(clockTime(since / 1000, now)) : null;
}
