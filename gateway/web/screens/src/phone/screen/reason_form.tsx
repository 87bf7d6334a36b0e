/** Why, in one tap; own words where none fits. */
import { useState } from "preact/hooks";
import { usePhoneWords } from "../../words/phone";

/** Characters; the gateway takes no more. */
export const TEXT_LIMIT = 500;

interface Props {
  readonly question: string;
  readonly reasons: readonly string[];
  choose(reason: string): void;
  /** Null where it cannot be put off. */
  readonly cancel: (() => void) | null;
}

export function ReasonForm({ question, reasons, choose, cancel }: Props) {
  const words = usePhoneWords();
  const [own, setOwn] = useState<string | null>(null);
  const text = (own ?? "").trim();
  return (
    <section class="asking" aria-label={question}>
      <h2>{question}</h2>
      {own === null ? (
        <>
          {reasons.map((reason) => (
            <button key={reason} type="button" onClick={() => choose(reason)}>
              {reason}
            </button>
          ))}
          <button type="button" onClick={() => setOwn("")}>
            {words.visit.ownWords}
          </button>
        </>
      ) : (
        <>
          <label>
            {words.visit.ownWords} <span class="hint">{words.visit.ownWordsHint}</span>
            <textarea rows={3} maxLength={TEXT_LIMIT} value={own} onInput={(event) => setOwn(event.currentTarget.value)} />
          </label>
          <button type="button" class="main-action" disabled={!text} onClick={() => choose(text)}>
            {words.visit.save}
          </button>
        </>
      )}
      {cancel && (
        <button type="button" class="quiet" onClick={cancel}>
          {words.visit.cancel}
        </button>
      )}
    </section>
  );
}
