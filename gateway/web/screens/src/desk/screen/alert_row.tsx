/** One alert in the list: what, who, where, since when, how many presses, and how it stands. */
import { clockTime, late } from "../../times";
import { useDeskWords } from "../../words/desk";
import { wordFor } from "../../words/said";
import type { AlertView } from "../contract";
import { whatWords } from "../why";
import { Badges } from "./badges";
import { Elapsed, useNow } from "./now";
import { rowId } from "./row_id";

interface Props {
  readonly alert: AlertView;
  readonly chosen: boolean;
  readonly me: string;
  open(id: string): void;
  /** Null while nothing can be taken. */
  readonly take: ((alert: AlertView) => void) | null;
}

export function AlertRow({ alert, chosen, me, open, take }: Props) {
  const words = useDeskWords();
  const over = alert.standing === "resolved";
  const untaken = !over && !alert.attended;
  const kind = `${alert.urgency}${untaken ? " untaken" : ""}${over ? " over" : ""}${chosen ? " chosen" : ""}`;
  const flash = alert.occurrences % 2 === 0 ? "even" : "odd";
  return (
    <li class={`alert ${kind} ${flash}`} data-alert={alert.id} data-occurrences={alert.occurrences}>
      <button type="button" id={rowId(alert.id)} class="row" aria-current={chosen ? "true" : undefined} onClick={() => open(alert.id)}>
        <span class="what">{whatWords(words, alert)}</span>
        <span class="who">{alert.resident || alert.home_label || words.noResident}</span>
        <span class="where">
          <Place alert={alert} />
        </span>
        <span class="since">{over ? words.alert.endedBy(alert.resolved_by ?? "?") : <Elapsed from={alert.occurred_at} />}</span>
        <span class="times">
          <Times alert={alert} />
        </span>
        <Badges alert={alert} me={me} />
      </button>
      {untaken && alert.urgency !== "fault" && take && (
        <button type="button" class="take" onClick={() => take(alert)}>
          {words.actions.take}
        </button>
      )}
    </li>
  );
}

/** Address and place in the home. */
export function Place({ alert }: { alert: AlertView }) {
  const words = useDeskWords();
  const place = alert.placement ? wordFor(words.placement, alert.placement) : "";
  return <>{[alert.address, place].filter(Boolean).join(" · ") || words.alert.noPlace}</>;
}

/** When it happened and, if that is another minute, when it got here: an alarm that was under way is not shown as fresh. */
export function Times({ alert }: { alert: AlertView }) {
  const words = useDeskWords().alert;
  const now = useNow();
  const raised = clockTime(alert.raised_at, now);
  const occurred = clockTime(alert.occurred_at, now);
  const last = clockTime(alert.last_occurred_at, now);
  const both = alert.condition === "help_call" ? words.occurredAndRaised : words.happenedAndRaised;
  return (
    <>
      {late(alert.occurred_at, alert.raised_at) ? <strong>{both(occurred, raised)}</strong> : words.raised(raised)}
      {alert.occurrences > 1 && last !== raised && `, ${words.lastPress(last)}`}
    </>
  );
}
