/** Choosing a person: whom to send, or who takes over. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { useDeskWords } from "../../words/desk";
import { onDutyFor } from "../api";
import type { AlertView, OnDuty } from "../contract";
import type { Refusal } from "../refusal";
import type { Session } from "../session";

interface Props {
  readonly alert: AlertView;
  readonly session: Session;
  /** What the person must be on duty as. */
  readonly role: "caregiver" | "operator";
  readonly heading: string;
  readonly busy: boolean;
  choose(person: string): void;
  cancel(): void;
  refuse(refusal: Refusal): void;
}

export function PersonForm({ alert, session, role, heading, busy, choose, cancel, refuse }: Props) {
  const words = useDeskWords();
  const [people, setPeople] = useState<readonly OnDuty[] | "loading" | "failed">("loading");
  const form = useRef<HTMLFormElement>(null);
  useLayoutEffect(() => {
    void onDutyFor(session, alert.home).then((outcome) => {
      if (outcome.is === "denied") refuse(outcome.refusal);
      setPeople(outcome.is === "done" ? outcome.value : "failed");
    });
  }, [alert.home]);
  // Until there is somebody to choose the form itself has the focus: a key meant for one button must not meet another.
  useLayoutEffect(() => (form.current?.querySelector<HTMLElement>("button:not(.quiet)") ?? form.current)?.focus(), [people]);

  const listed = typeof people === "string" ? [] : people.filter((one) => one.role === role && one.person !== session.person);
  return (
    <form ref={form} tabIndex={-1} class="asking" aria-labelledby="whom" onSubmit={(event) => event.preventDefault()}>
      <h3 id="whom">{heading}</h3>
      {people === "loading" && <p class="aside">{words.day.loading}</p>}
      {people === "failed" && <p class="problem">{words.people.failed}</p>}
      {typeof people !== "string" && listed.length === 0 && <p class="problem">{words.people.nobody}</p>}
      <div class="actions">
        {listed.map((one) => (
          <button key={one.person} type="button" disabled={busy} onClick={() => choose(one.person)}>
            {one.name}
          </button>
        ))}
        <button type="button" class="quiet" onClick={cancel}>
          {words.actions.cancel} <kbd>Esc</kbd>
        </button>
      </div>
    </form>
  );
}
