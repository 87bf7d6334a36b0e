/** The keys, always in sight, and a switch for people whose tools send letters by themselves (WCAG 2.1.4). */
import { useDeskWords } from "../../words/desk";
import { KEY } from "../keyboard";

export function KeyHelp({ enabled, enable }: { enabled: boolean; enable(on: boolean): void }) {
  const words = useDeskWords();
  const rows: readonly (readonly [string, string])[] = [
    [`${KEY.next} ${KEY.previous} ↓ ↑`, words.keys.move],
    ["Enter", words.keys.open],
    [KEY.take, words.actions.take],
    [KEY.call_back, words.actions.call_back],
    [KEY.send, words.actions.send],
    [KEY.on_site, words.actions.on_site],
    [KEY.outcome, words.actions.outcome],
    [KEY.resolve, words.actions.resolve],
    [KEY.hand_over, words.actions.hand_over],
    [KEY.release, words.actions.release],
    [KEY.left, words.actions.left],
    [KEY.acknowledge, words.actions.acknowledge],
    [KEY.openings, words.keys.openings],
    [KEY.faults, words.keys.faults],
    [KEY.sound, words.keys.sound],
    ["Esc", words.keys.back],
  ];
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
