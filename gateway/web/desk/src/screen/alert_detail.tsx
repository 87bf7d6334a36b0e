/** The chosen alert: everything about it, what can be done, and the home's day. */
import type { Action, AlertView } from "../contract";
import { KEY } from "../keyboard";
import type { Refusal } from "../refusal";
import type { Session } from "../session";
import { whatWords, whyWords } from "../why";
import { useWords } from "../words";
import { Place, Times } from "./alert_row";
import { Badges } from "./badges";
import { DayPanel } from "./day_panel";
import { Elapsed, useNow } from "./now";
import { elapsed } from "../times";
import { ResolveForm } from "./resolve_form";
import type { Actions } from "./use_actions";

/** The id of the chosen alert's heading, which takes the focus when a button vanishes. */
export const CHOSEN = "chosen";

interface Props {
  readonly alert: AlertView | null;
  readonly session: Session;
  readonly actions: Actions;
  readonly live: boolean;
  /** The alert as it was when the operator began to close it; null while nobody closes. */
  readonly closing: AlertView | null;
  setClosing(alert: AlertView | null): void;
  perform(action: "take" | "release" | "acknowledge"): void;
  refuse(refusal: Refusal): void;
  back(): void;
  keepFocus(): void;
}

export function AlertDetail(props: Props) {
  const words = useWords();
  const { alert, session, actions, live, closing, setClosing } = props;
  if (!alert) return <section class="detail nothing">{words.alert.select}</section>;
  const close = async (seen: AlertView, reason: string): Promise<void> => {
    setClosing(await actions.perform(seen, "resolve", reason) ? null : alert);
    props.keepFocus();
  };
  return (
    <section class={`detail ${alert.urgency}`} aria-labelledby={CHOSEN}>
      <button type="button" class="quiet back" onClick={props.back}>
        ← {words.alert.back}
      </button>
      <h2 id={CHOSEN} tabIndex={-1}>
        {whatWords(words, alert)} <span>{alert.resident || alert.home_label || words.alert.noResident}</span>
      </h2>
      <Facts alert={alert} me={session.operator} />
      {actions.problem?.id === alert.id && (
        <p class="problem" role="alert">
          {actions.problem.text}
        </p>
      )}
      {closing && live && alert.standing !== "resolved" ? (
        <ResolveForm
          busy={actions.busy === "resolve"}
          cancel={() => setClosing(null)}
          close={(reason) => void close(closing, reason)}
        />
      ) : (
        <ActionBar {...{ alert, live }} me={session.operator} busy={actions.busy} perform={props.perform} close={() => setClosing(alert)} />
      )}
      <DayPanel key={alert.home} session={session} alert={alert} refuse={props.refuse} />
    </section>
  );
}

function Facts({ alert, me }: { alert: AlertView; me: string }) {
  const all = useWords();
  const words = all.alert;
  const now = useNow();
  const why = whyWords(all, alert, now);
  return (
    <div class="facts">
      <p class="where">
        <Place alert={alert} />
      </p>
      <p class="times">
        {alert.standing !== "resolved" && <Elapsed from={alert.occurred_at} />} <Times alert={alert} />
      </p>
      <Badges alert={alert} me={me} />
      {why && <p>{why}</p>}
      {alert.redelivered && <p class="aside">{words.redelivered}</p>}
      {!alert.active && alert.standing !== "resolved" && <p class="aside">{words.clearedHint}</p>}
      {alert.edge_silent_since && <p class="aside">{words.edgeSilent(elapsed(alert.edge_silent_since, now))}</p>}
      {alert.standing === "resolved" && <p class="aside">{words.endedBy(alert.resolved_by ?? "?")}</p>}
    </div>
  );
}

interface BarProps {
  readonly alert: AlertView;
  readonly live: boolean;
  readonly me: string;
  readonly busy: Action | null;
  perform(action: "take" | "release" | "acknowledge"): void;
  close(): void;
}

function ActionBar({ alert, live, me, busy, perform, close }: BarProps) {
  const words = useWords().actions;
  if (alert.standing === "resolved") return <p class="aside">{words.none}</p>;
  if (!live) return <p class="problem">{words.offline}</p>;
  const mine = alert.claimed_by === me;
  const free = alert.claimed_by === null;
  const unread = alert.standing === "raised";
  const button = (action: Action, shown: boolean, main: boolean, run: () => void) =>
    shown && (
      <button key={action} type="button" class={main ? "main-action" : ""} disabled={busy !== null} onClick={run}>
        {busy === action ? words.busy : words[action]} <kbd>{KEY[action].toUpperCase()}</kbd>
      </button>
    );
  return (
    <div class="actions">
      {button("take", free, true, () => perform("take"))}
      {button("acknowledge", (mine || free) && unread, mine, () => perform("acknowledge"))}
      {button("resolve", mine || free, mine && !unread, close)}
      {button("release", mine, false, () => perform("release"))}
    </div>
  );
}
