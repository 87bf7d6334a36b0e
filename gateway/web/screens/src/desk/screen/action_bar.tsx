/** The buttons of the chosen alert: the next sensible step stands out, the others are there. */
import { useDeskWords } from "../../words/desk";
import type { Action, AlertView } from "../contract";
import { KEY } from "../keyboard";
import { type Acting, type Asking, type Plain, isAsking, onlyFollows, possible } from "../steps";

interface Props {
  readonly alert: AlertView;
  readonly live: boolean;
  readonly me: Acting;
  readonly busy: Action | null;
  perform(action: Plain): void;
  ask(action: Asking): void;
}

export function ActionBar({ alert, live, me, busy, perform, ask }: Props) {
  const words = useDeskWords();
  if (alert.standing === "resolved") return <p class="aside">{words.actions.none}</p>;
  if (onlyFollows(me, alert)) return <p class="aside">{words.actions.follow}</p>;
  if (!live) return <p class="problem">{words.actions.offline}</p>;
  const steps = possible(alert, me);
  if (steps.length === 0 && alert.claimed_by) return <p class="aside">{words.alert.theirs(alert.claimed_by)}</p>;
  return (
    <div class="actions">
      {steps.map((action, index) => (
        <button
          key={action}
          type="button"
          class={index === 0 ? "main-action" : ""}
          disabled={busy !== null}
          onClick={() => (isAsking(action) ? ask(action) : perform(action as Plain))}
        >
          {busy === action ? words.actions.busy : words.actions[action]} <kbd>{KEY[action].toUpperCase()}</kbd>
        </button>
      ))}
    </div>
  );
}
