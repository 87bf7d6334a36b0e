/** Which key means what on the desk (Enter opens the row that has the focus, as the browser does by itself). Every command also has a button: the keys are a shorter way, not another one. */

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
