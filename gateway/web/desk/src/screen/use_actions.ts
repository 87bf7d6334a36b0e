/** Acting on alerts: one at a time, its outcome in plain words, the list brought up to date either way. */
import { useState } from "preact/hooks";
import { act } from "../api";
import type { Action, AlertView } from "../contract";
import type { DeskStore } from "../desk_store";
import { problemWords } from "../problem";
import type { Refusal } from "../refusal";
import type { Session } from "../session";
import type { Words } from "../words/language";

export interface Actions {
  /** The action under way, or null. */
  readonly busy: Action | null;
  /** Why the last action on `id` did not happen. */
  readonly problem: { readonly id: string; readonly text: string } | null;
  /** Acts on the alert as it was seen; true when it happened. */
  perform(seen: AlertView, action: Action, reason?: string): Promise<boolean>;
  forget(): void;
}

export function useActions(session: Session, store: DeskStore, words: Words, refuse: (refusal: Refusal) => void): Actions {
  const [busy, setBusy] = useState<Action | null>(null);
  const [problem, setProblem] = useState<Actions["problem"]>(null);

  const perform = async (seen: AlertView, action: Action, reason = ""): Promise<boolean> => {
    if (busy) return false;
    setBusy(action);
    setProblem(null);
    const outcome = await act(session, seen, action, reason);
    setBusy(null);
    if (outcome.is === "done") {
      store.send({ is: "alert", alert: outcome.value });
      return true;
    }
    if (outcome.is === "denied") refuse(outcome.refusal);
    else if (outcome.is === "unreached") setProblem({ id: seen.id, text: words.problem.unreached });
    else {
      if (outcome.problem.alert) store.send({ is: "alert", alert: outcome.problem.alert });
      setProblem({ id: seen.id, text: problemWords(words, outcome.problem, seen, session.operator) });
    }
    return false;
  };
  return { busy, problem, perform, forget: () => setProblem(null) };
}
