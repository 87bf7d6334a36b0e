/** The keys, always in sight, and a switch for people whose tools send letters by themselves (WCAG 2.1.4). */
import { useDeskWords } from "../../words/desk";
import { type Rights, mayAnywhere } from "../../signing_in/may";
import type { Action } from "../contract";
import { KEY } from "../keyboard";
import type { View } from "./use_view";

const ACTIONS: readonly Action[] = ["take", "call_back", "send", "on_site", "outcome", "resolve", "hand_over", "release", "left", "acknowledge"];

interface Props {
  readonly enabled: boolean;
  readonly may: Rights;
  readonly view: View;
  enable(on: boolean): void;
}

export function KeyHelp({ enabled, may, view, enable }: Props) {
  const words = useDeskWords();
  const visits = mayAnywhere(may, "visit.read") ? [[KEY.visits, words.keys.visits] as const] : [];
  const alarms: readonly (readonly [string, string])[] = [
    [`${KEY.next} ${KEY.previous} ↓ ↑`, words.keys.move],
    ["Enter", words.keys.open],
    ...ACTIONS.filter((action) => mayAnywhere(may, `alert.${action}`)).map((action) => [KEY[action], words.actions[action]] as const),
    [KEY.openings, words.keys.openings],
    [KEY.faults, words.keys.faults],
    ...visits,
    [KEY.sound, words.keys.sound],
    ["Esc", words.keys.back],
  ];
  const rows = view === "alarms" ? alarms : [...visits, [KEY.sound, words.keys.sound] as const];
  return (
    <footer class="keys" aria-label={words.keys.heading}>
      <label>
        <input type="checkbox" checked={enabled} onChange={(event) => enable(event.currentTarget.checked)} /> {words.keys.enabled}
      </label>
      {enabled && (
        <ul>
          {rows.map(([keys, what]) => (
            <li key={keys}>
              {keys.split(" ").map((key) => (
                <kbd key={key}>{key.length === 1 ? key.toUpperCase() : key}</kbd>
              ))}{" "}
              {what}
            </li>
          ))}
        </ul>
      )}
    </footer>
  );
}
