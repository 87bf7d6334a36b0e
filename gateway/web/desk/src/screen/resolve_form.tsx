/** Closing an alert takes a reason: one of the common ones, or own words. */
import { useEffect, useRef, useState } from "preact/hooks";
import { useWords } from "../words";

/** Characters; the gateway refuses a longer reason. */
const REASON_LIMIT = 500;

interface Props {
  readonly busy: boolean;
  close(reason: string): void;
  cancel(): void;
}

export function ResolveForm({ busy, close, cancel }: Props) {
  const words = useWords().actions;
  const [reason, setReason] = useState("");
  const [missing, setMissing] = useState(false);
  const first = useRef<HTMLButtonElement>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => first.current?.focus(), []);

  const submit = (event: Event): void => {
    event.preventDefault();
    setMissing(!reason.trim());
    if (reason.trim()) close(reason.trim());
    else field.current?.focus();
  };
  const write = (text: string): void => {
    setReason(text);
    setMissing(false);
  };
  return (
    <form class="resolve" onSubmit={submit} aria-labelledby="why">
      <h3 id="why">{words.reason}</h3>
      <div class="choices">
        {words.reasons.map((text, index) => (
          <button key={text} ref={index === 0 ? first : null} type="button" aria-pressed={reason === text} onClick={() => write(text)}>
            {text}
          </button>
        ))}
      </div>
      <label for="reason" class="hint">
        {words.reasonHint}
      </label>
      <textarea
        id="reason"
        ref={field}
        rows={2}
        maxLength={REASON_LIMIT}
        value={reason}
        aria-invalid={missing}
        aria-describedby={missing ? "reason-missing" : undefined}
        onInput={(event) => write(event.currentTarget.value)}
      />
      {missing && (
        <p id="reason-missing" class="problem" role="alert">
          {words.reasonMissing}
        </p>
      )}
      <div class="actions">
        <button type="submit" class="main-action" disabled={busy}>
          {busy ? words.busy : words.confirm}
        </button>
        <button type="button" onClick={cancel}>
          {words.cancel} <kbd>Esc</kbd>
        </button>
      </div>
    </form>
  );
}
