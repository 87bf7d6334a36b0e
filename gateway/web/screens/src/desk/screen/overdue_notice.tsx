/** A call that nobody has taken for a minute: on top of every view, in large letters, until somebody has it. */
import { useDeskWords } from "../../words/desk";
import type { AlertView } from "../contract";
import { overdueCalls } from "../pressing";
import type { Desk } from "../store";
import { whatWords } from "../why";
import { Elapsed, useNow } from "./now";

interface Props {
  readonly desk: Desk;
  open(alert: AlertView): void;
  /** Null for who may not take it, or while nothing can be taken. */
  take(alert: AlertView): (() => void) | null;
}

export function OverdueNotice({ desk, open, take }: Props) {
  const words = useDeskWords();
  const [first, ...others] = overdueCalls(desk, useNow());
  if (!first || desk.contact.is === "lost") return null;
  const taking = take(first);
  return (
    <section class="notice grave overdue" aria-label={words.overdue.heading}>
      {/* Said once for each call: the time beside it runs, and would be read out every second. */}
      <div role="alert">
        <h2>
          {words.overdue.heading}: {first.resident || first.home_label || words.noResident}
        </h2>
      </div>
      <p>
        {whatWords(words, first)} · <Elapsed from={first.raised_at} />
        {others.length > 0 && ` · ${words.overdue.others(others.length)}`}
      </p>
      <div class="actions">
        {taking && (
          <button type="button" onClick={taking}>
            {words.actions.take}
          </button>
        )}
        <button type="button" onClick={() => open(first)}>
          {words.overdue.show}
        </button>
      </div>
    </section>
  );
}
