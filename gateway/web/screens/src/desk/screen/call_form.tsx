/** Calling the home back: the link that the telephone answers to, and what came of it. */
import { useLayoutEffect, useRef } from "preact/hooks";
import { useDeskWords } from "../../words/desk";
import type { AlertView, CallResult } from "../contract";
import type { Session } from "../session";
import { sayCalling } from "./use_calling";

const RESULTS: readonly CallResult[] = ["reached", "no_answer", "busy"];

interface Props {
  readonly alert: AlertView;
  readonly session: Session;
  readonly busy: boolean;
  say(result: CallResult): void;
  cancel(): void;
}

export function CallForm({ alert, session, busy, say, cancel }: Props) {
  const words = useDeskWords();
  const form = useRef<HTMLFormElement>(null);
  useLayoutEffect(() => form.current?.querySelector<HTMLElement>("a, button")?.focus(), []);
  return (
    <form ref={form} class="asking" aria-labelledby="calling" onSubmit={(event) => event.preventDefault()}>
      <h3 id="calling">{words.actions.call_back}</h3>
      <CallLink alert={alert} follow={() => sayCalling(session, alert)} />
      <p class="hint" id="came-of-it">
        {words.call.result}
      </p>
      <div class="actions" role="group" aria-labelledby="came-of-it">
        {RESULTS.map((result) => (
          <button key={result} type="button" disabled={busy} onClick={() => say(result)}>
            {words.call[result]}
          </button>
        ))}
        <button type="button" class="quiet" onClick={cancel}>
          {words.actions.cancel} <kbd>Esc</kbd>
        </button>
      </div>
    </form>
  );
}

/** The home's number as a link that the computer's telephone takes, or that there is none. */
export function CallLink({ alert, follow }: { alert: AlertView; follow?(): void }) {
  const words = useDeskWords().call;
  if (!alert.call_link) return <p class="aside">{words.noLink}</p>;
  return (
    <a class="call-link" href={alert.call_link} onClick={follow}>
      {words.number(alert.call_link.replace(/^(tel|sips?):/, ""))}
    </a>
  );
}
