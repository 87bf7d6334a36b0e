/** Which key means what on the desk (Enter opens the row that has the focus, as the browser does by itself). Every command also has a button: the keys are a shorter way, not another one. */

import type { Action } from "./contract";

export type Command =
  | "next" | "previous" | "back"
  | "take" | "release" | "hand_over" | "acknowledge" | "call_back" | "send" | "on_site" | "left" | "outcome" | "resolve"
  | "openings" | "faults" | "sound" | "visits";

/** The same keys in both languages, after the Swedish words: ta, släpp, lämna över, läst, ring, skicka vidare, på plats,
 * gått, utfall, avsluta, fjärröppning, driftlarm, ljud (m as in mute), besök. */
export const KEY: Record<Exclude<Command, "back">, string> = {
  next: "j",
  previous: "k",
  take: "t",
  release: "s",
  hand_over: "o",
  acknowledge: "l",
  call_back: "r",
  send: "v",
  on_site: "p",
  left: "g",
  outcome: "u",
  resolve: "a",
  openings: "f",
  faults: "d",
  sound: "m",
  visits: "b",
};

const COMMAND = new Map<string, Command>([
  ...Object.entries(KEY).map(([command, key]) => [key, command as Command] as const),
  ["ArrowDown", "next"],
  ["ArrowUp", "previous"],
]);

/** What is before a person at the desk, as far as it decides which keys do anything. */
export interface Before {
  readonly view: "alarms" | "visits";
  /** Alerts in the list that the arrows can reach. */
  readonly listed: number;
  /** What can be done with the chosen alert now, the most likely first. */
  readonly steps: readonly Action[];
  /** Whether something is open that Escape closes. */
  readonly open: boolean;
  readonly openings: number;
  readonly faults: number;
  readonly visits: boolean;
}

/** The commands that do something now, in the order in which they are shown. */
export function usable(before: Before): readonly (Command | "open")[] {
  const visits: readonly Command[] = before.visits ? ["visits"] : [];
  if (before.view === "visits") return [...visits, "sound"];
  return [
    ...(before.listed > 0 ? (["next", "open"] as const) : []),
    ...before.steps,
    ...(before.openings > 0 ? (["openings"] as const) : []),
    ...(before.faults > 0 ? (["faults"] as const) : []),
    ...visits,
    "sound",
    ...(before.open ? (["back"] as const) : []),
  ];
}

interface Pressed {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly altKey: boolean;
  readonly metaKey: boolean;
}

/** The command of a key press. While somebody writes only Escape counts; with modifiers nothing does. */
export function commandFor(press: Pressed, writing: boolean): Command | null {
  if (press.ctrlKey || press.altKey || press.metaKey) return null;
  if (press.key === "Escape") return "back";
  if (writing) return null;
  return COMMAND.get(press.key.length === 1 ? press.key.toLowerCase() : press.key) ?? null;
}

/** Whether the keys belong to the field that has the focus. */
export function isWriting(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("input:not([type=checkbox]), textarea, select");
}
