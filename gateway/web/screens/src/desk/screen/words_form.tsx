/** A step that takes words: one of the common ones, or own ones. */
import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { useDeskWords } from "../../words/desk";

/** Characters; the gateway refuses more. */
const LIMIT = 500;

/** What the form asks for, in the words of the screen. */
export interface Question {
  readonly heading: string;
  readonly hint: string;
  readonly missing: string;
  readonly choices: readonly string[];
  readonly confirm: string;
}

interface Props {
  readonly question: Question;
  readonly busy: boolean;
  say(text: string): void;
  changed?(): void;
  cancel(): void;
}

export function WordsForm({ question, busy, say, changed, cancel }: Props) {
  const words = useDeskWords().actions;
  // Two such forms may stand on one desk: an alert that is ended, a no entry that is closed.
  const id = useId();
  const [text, setText] = useState("");
  const [missing, setMissing] = useState(false);
  const first = useRef<HTMLButtonElement>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  useLayoutEffect(() => first.current?.focus(), []);

  const submit = (event: Event): void => {
    event.preventDefault();
    setMissing(!text.trim());
    if (text.trim()) say(text.trim());
    else field.current?.focus();
  };
  const write = (written: string): void => {
    setText(written);
    setMissing(false);
    changed?.();
  };
  return (
    <form class="asking" onSubmit={submit} aria-labelledby={`${id}-why`}>
      <h3 id={`${id}-why`}>{question.heading}</h3>
      <div class="choices">
        {question.choices.map((choice, index) => (
          <button key={choice} ref={index === 0 ? first : null} type="button" aria-pressed={text === choice} onClick={() => write(choice)}>
            {choice}
          </button>
        ))}
      </div>
      <label for={`${id}-reason`} class="hint">
        {question.hint}
      </label>
      <textarea
        id={`${id}-reason`}
        ref={field}
        rows={2}
        maxLength={LIMIT}
        value={text}
        aria-invalid={missing}
        aria-describedby={missing ? `${id}-missing` : undefined}
        onInput={(event) => write(event.currentTarget.value)}
      />
      {missing && (
        <p id={`${id}-missing`} class="problem" role="alert">
          {question.missing}
        </p>
      )}
      <div class="actions">
        <button type="submit" class="main-action" disabled={busy}>
          {busy ? words.busy : question.confirm}
        </button>
        <button type="button" onClick={cancel}>
          {words.cancel} <kbd>Esc</kbd>
        </button>
      </div>
    </form>
  );
}
