/** Utfall: what was done. */
import { useState } from "preact/hooks";
import { usePhoneWords } from "../../words/phone";
import { TEXT_LIMIT } from "./reason_form";

export function OutcomeForm({ save }: { save(text: string): void }) {
  const words = usePhoneWords();
  const [text, setText] = useState("");
  const [missing, setMissing] = useState(false);
  const saving = (): void => {
    setMissing(!text.trim());
    if (text.trim()) save(text.trim());
  };
  return (
    <section class="asking" aria-labelledby="outcome">
      <h2 id="outcome">{words.call.whatDone}</h2>
      {words.outcomes.map((choice) => (
        <button key={choice} type="button" aria-pressed={text === choice} onClick={() => setText(choice)}>
          {choice}
        </button>
      ))}
      <label>
        {words.call.outcome} <span class="hint">{words.call.outcomeHint}</span>
        <textarea rows={3} maxLength={TEXT_LIMIT} value={text} onInput={(event) => setText(event.currentTarget.value)} />
      </label>
      {missing && (
        <p class="warning" role="alert">
          {words.call.missing}
        </p>
      )}
      <button type="button" class="large main-action" onClick={saving}>
        {words.call.save}
      </button>
    </section>
  );
}
