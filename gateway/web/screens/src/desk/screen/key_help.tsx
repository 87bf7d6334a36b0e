/** The keys that do something now, always in sight, and a switch for people whose tools send letters by themselves (WCAG 2.1.4). */
import { useDeskWords } from "../../words/desk";
import type { DeskWords } from "../../words/desk_sv";
import type { Action } from "../contract";
import { type Command, KEY } from "../keyboard";

interface Props {
  readonly enabled: boolean;
  readonly commands: readonly (Command | "open")[];
  enable(on: boolean): void;
}

export function KeyHelp({ enabled, commands, enable }: Props) {
  const words = useDeskWords();
  return (
    <footer class="keys" aria-label={words.keys.heading}>
      <label>
        <input type="checkbox" checked={enabled} onChange={(event) => enable(event.currentTarget.checked)} /> {words.keys.enabled}
      </label>
      {enabled && (
        <ul>
          {commands.map((command) => (
            <li key={command} data-command={command}>
              {keysOf(command).map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}{" "}
              {wordsOf(words, command)}
            </li>
          ))}
        </ul>
      )}
    </footer>
  );
}

function keysOf(command: Command | "open"): readonly string[] {
  if (command === "open") return ["Enter"];
  if (command === "back") return ["Esc"];
  if (command === "next") return [KEY.next.toUpperCase(), KEY.previous.toUpperCase(), "↓", "↑"];
  return [KEY[command].toUpperCase()];
}

function wordsOf(words: DeskWords, command: Command | "open"): string {
  if (command === "next" || command === "previous") return words.keys.move;
  if (command === "open" || command === "back" || command === "openings" || command === "faults" || command === "sound" || command === "visits") return words.keys[command];
  return words.actions[command satisfies Action];
}
