/** Acting on alerts: one after the other, its outcome in plain words, the list brought up to date either way. */
import { useRef, useState } from "preact/hooks";
import type { DeskWords } from "../../words/desk_sv";
import { act } from "../api";
import type { Action, AlertView, Saying } from "../contract";
import type { DeskStore } from "../desk_store";
import { isAboutDoor, isWarning, problemWords } from "../problem";
import type { Refusal } from "../refusal";
import type { Session } from "../session";

/** Why the last action on `id` did not happen; `goOn` is what the operator may do having read a warning, else null. */
export interface Hindrance {
  readonly id: string;
  readonly text: string;
  readonly goOn: { readonly action: Action; readonly seen: AlertView; readonly said: Saying } | null;
  /** Whether it warns of the door, which this desk may lock meanwhile. */
  readonly door: boolean;
}

export interface Actions {
  /** The action under way, or null. */
  readonly busy: Action | null;
  readonly problem: Hindrance | null;
  /** Acts on the alert as it was seen, after what was begun before; true when it happened. The same twice is once. */
  perform(seen: AlertView, action: Action, said?: Saying): Promise<boolean>;
  forget(): void;
  /** The door of this alert's home has been locked from here: no warning says otherwise. */
  locked(id: string): void;
}

/** Actions begun and not answered, the first under way: the feed may show one before its answer comes, and keys are fast. */
const BEGUN_LIMIT = 3;

interface Begun {
  readonly id: string;
  readonly action: Action;
  readonly done: Promise<boolean>;
}

export function useActions(session: Session, store: DeskStore, words: DeskWords, refuse: (refusal: Refusal) => void): Actions {
  const [busy, setBusy] = useState<Action | null>(null);
  const [problem, setProblem] = useState<Hindrance | null>(null);

  const begun = useRef<readonly Begun[]>([]);

  const perform = (seen: AlertView, action: Action, said: Saying = {}): Promise<boolean> => {
    const twice = begun.current.some((other) => other.action === action && other.id === seen.id);
    if (twice || begun.current.length === BEGUN_LIMIT) return Promise.resolve(false);
    const before = begun.current.at(-1)?.done ?? Promise.resolve(true);
    const mine: Begun = {
      id: seen.id,
      action,
      done: before
        .then(() => run(seen, action, said))
        .finally(() => (begun.current = begun.current.filter((other) => other !== mine))),
    };
    begun.current = [...begun.current, mine];
    return mine.done;
  };
  const run = async (seen: AlertView, action: Action, said: Saying): Promise<boolean> => {
    setBusy(action);
    setProblem(null);
    const outcome = await act(session, seen, action, said);
    setBusy(null);
    if (outcome.is === "done") {
      store.send({ is: "alerts", alerts: [outcome.value] });
      return true;
    }
    if (outcome.is === "denied") refuse(outcome.refusal);
    else if (outcome.is === "unreached") setProblem({ id: seen.id, text: words.problem.unreached, goOn: null, door: false });
    else {
      const now = outcome.problem.alert;
      if (now) store.send({ is: "alerts", alerts: [now] });
      const text = problemWords(words, outcome.problem, seen, session.person);
      setProblem({ id: seen.id, text, goOn: now && isWarning(outcome.problem) ? { action, seen: now, said } : null, door: isAboutDoor(outcome.problem) });
    }
    return false;
  };
  const forget = (): void => setProblem(null);
  const locked = (id: string): void => setProblem((current) => (current?.id === id && current.door ? null : current));
  return { busy, problem, perform, forget, locked };
}
