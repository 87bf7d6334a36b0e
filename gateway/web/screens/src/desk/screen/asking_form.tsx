/** The form of the step that an operator has begun. */
import { useDeskWords } from "../../words/desk";
import type { AlertView, Saying } from "../contract";
import type { Refusal } from "../refusal";
import type { Session } from "../session";
import type { Asking } from "../steps";
import { CallForm } from "./call_form";
import { PersonForm } from "./person_form";
import { WordsForm } from "./words_form";

interface Props {
  readonly asking: Asking;
  readonly alert: AlertView;
  readonly session: Session;
  readonly busy: boolean;
  say(said: Saying): void;
  /** Other words stand in it than those that were said last. */
  changed(): void;
  cancel(): void;
  refuse(refusal: Refusal): void;
}

export function AskingForm({ asking, alert, session, busy, say, changed, cancel, refuse }: Props) {
  const words = useDeskWords();
  const actions = words.actions;
  if (asking === "call_back") return <CallForm {...{ alert, session, busy, cancel }} say={(result) => say({ result })} />;
  if (asking === "send" || asking === "hand_over") {
    const send = asking === "send";
    return (
      <PersonForm
        key={asking}
        {...{ alert, session, busy, cancel, refuse }}
        role={send ? "caregiver" : "operator"}
        heading={send ? words.people.send : words.people.handOver}
        choose={(to) => say({ to })}
      />
    );
  }
  if (asking === "outcome") {
    const question = { heading: actions.whatDone, hint: actions.outcomeHint, missing: actions.outcomeMissing, choices: words.outcomes, confirm: actions.saveOutcome };
    return <WordsForm key={asking} {...{ question, busy, changed, cancel }} say={(text) => say({ text })} />;
  }
  const question = { heading: actions.reason, hint: actions.reasonHint, missing: actions.reasonMissing, choices: actions.reasons, confirm: actions.confirm };
  return <WordsForm key={asking} {...{ question, busy, changed, cancel }} say={(reason) => say({ reason })} />;
}
