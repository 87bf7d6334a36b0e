/** What is wrong and since when, from what the rules say of it. Pure. */
import { clockTime } from "../times";
import type { DeskWords } from "../words/desk_sv";
import { wordFor } from "../words/said";
import type { AlertView } from "./contract";

/** Which value of a rule's explanation says since when it has been so (wall microseconds). */
const SINCE: Readonly<Record<string, string>> = {
  front_door_open_at_night: "opened",
  inactivity: "since",
  device_silent: "since",
  edge_silent: "since",
};

/** `Fara i hemmet: rök` */
export function whatWords(words: DeskWords, alert: AlertView): string {
  const what = wordFor(words.condition, alert.condition);
  const hazard = alert.explanation?.["hazard"];
  return hazard === undefined ? what : `${what}: ${wordFor(words.hazard, String(hazard))}`;
}

/** What it means and what to do, or `Öppen sedan 02:10`; null where there is nothing to add. */
export function whyWords(words: DeskWords, alert: AlertView, now: number): string | null {
  const cause = words.cause[String(alert.explanation?.["why"] ?? alert.explanation?.["doubt"])];
  if (cause !== undefined) return cause;
  const since = alert.explanation?.[SINCE[alert.condition] ?? ""];
  const say = words.why[alert.condition];
  return typeof since === "number" && say ? say(clockTime(since / 1000, now)) : null;
}
