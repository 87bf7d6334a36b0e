/** The chosen alert: everything about it, what is to be done in this home, what has been done, what can be done. */
import type { Dispatch, StateUpdater } from "preact/hooks";
import { elapsed } from "../../times";
import { useDeskWords } from "../../words/desk";
import type { AlertView, Saying } from "../contract";
import { mayAsk } from "../openings";
import type { Refusal } from "../refusal";
import type { Session } from "../session";
import { type Asking, type Plain, mayBegin } from "../steps";
import { whatWords, whyWords } from "../why";
import { ActionBar } from "./action_bar";
import { Place, Times } from "./alert_row";
import { AskingForm } from "./asking_form";
import { Badges } from "./badges";
import { CaseSteps } from "./case_steps";
import { DayPanel } from "./day_panel";
import { InstructionPanel } from "./instruction_panel";
import { Elapsed, useNow } from "./now";
import { RemotePanel } from "./remote_panel";
import type { Actions, Hindrance } from "./use_actions";
import type { Openings } from "./use_openings";

/** The id of the chosen alert's heading, which takes the focus when a button vanishes. */
export const CHOSEN = "chosen";

/** The step that the operator has begun, with the alert as it was then; null once it is said that it changed since. */
export interface Begun {
  readonly asking: Asking;
  readonly seen: AlertView | null;
  /** What was said in it and not done: a warning may be gone past while this stands in the form, and no longer. */
  readonly said?: Saying;
}

interface Props {
  readonly alert: AlertView | null;
  readonly session: Session;
  readonly actions: Actions;
  readonly live: boolean;
  readonly begun: Begun | null;
  readonly begin: Dispatch<StateUpdater<Begun | null>>;
  perform(action: Plain): void;
  ask(asking: Asking, alert: AlertView): void;
  refuse(refusal: Refusal): void;
  back(): void;
  keepFocus(): void;
  readonly openings: Openings;
}

export function AlertDetail(props: Props) {
  const words = useDeskWords();
  const { alert, session, actions, live, begun, begin, refuse } = props;
  if (!alert) return <section class="detail nothing">{words.alert.select}</section>;
  const me = session.person;
  // The feed may show a step before its answer comes, and the next one be begun already: that one stays.
  const end = (mine: Begun | null, after: Begun | null): void => {
    begin((current) => (current === mine ? after : current));
    props.keepFocus();
  };
  const finish = async (mine: Begun, said: Saying, seen = mine.seen ?? alert): Promise<void> => {
    const done = await actions.perform(seen, mine.asking, said);
    end(mine, done ? null : { asking: mine.asking, seen: null, said });
  };
  const goOn = ({ seen, said }: NonNullable<Hindrance["goOn"]>): void => {
    if (begun) void finish(begun, { ...said, confirm: true }, seen);
  };
  const cancel = (): void => {
    begin(null);
    actions.forget();
    props.keepFocus();
  };
  const left = async (to: string): Promise<void> => {
    await actions.perform(alert, "left", { to });
    props.keepFocus();
  };
  return (
    <section class={`detail ${alert.urgency}`} aria-labelledby={CHOSEN}>
      <button type="button" class="quiet back" onClick={props.back}>
        ← {words.alert.back}
      </button>
      <h2 id={CHOSEN} tabIndex={-1}>
        {whatWords(words, alert)} <span>{alert.resident || alert.home_label || words.noResident}</span>
      </h2>
      <div class="now">
        <Facts alert={alert} me={me} />
        {actions.problem?.id === alert.id && isOf(actions.problem, begun) && <Problem problem={actions.problem} busy={actions.busy !== null} goOn={goOn} />}
        {begun && live && alert.standing !== "resolved" ? (
          <AskingForm
            {...{ alert, session, refuse }}
            asking={begun.asking}
            busy={actions.busy === begun.asking}
            say={(said) => void finish(begun, said)}
            changed={() => begin((current) => (current?.said ? { asking: current.asking, seen: null } : current))}
            cancel={cancel}
          />
        ) : (
          <ActionBar {...{ alert, live }} me={session} busy={actions.busy} perform={props.perform} ask={(asking) => props.ask(asking, alert)} />
        )}
        {alert.urgency !== "fault" && <InstructionPanel key={`instruction-${alert.home}`} {...{ alert, session, refuse }} />}
        <CaseSteps alert={alert} left={live && mayBegin(alert, session, "left") ? (to) => void left(to) : null} />
        {live && mayAsk(alert, session) && <RemotePanel {...{ alert, session }} asked={props.openings.asked.get(alert.id) ?? null} ask={props.openings.ask} lock={props.openings.lock} />}
      </div>
      <DayPanel key={alert.home} session={session} alert={alert} refuse={refuse} />
    </section>
  );
}

/** Whether it is still of what stands on the screen: a warning outlives neither its form nor the words that were in it. */
function isOf({ goOn }: Hindrance, begun: Begun | null): boolean {
  return goOn === null || begun?.said === goOn.said;
}

/** What went wrong; where it was only a warning, a button that goes on all the same. */
function Problem({ problem, busy, goOn }: { problem: Hindrance; busy: boolean; goOn(step: NonNullable<Hindrance["goOn"]>): void }) {
  const words = useDeskWords().actions;
  const step = problem.goOn;
  return (
    <div class="problem" role="alert">
      <p>{problem.text}</p>
      {step && (
        <button type="button" class="urgent" disabled={busy} onClick={() => goOn(step)}>
          {problem.door && step.action === "resolve" ? words.resolveUnlocked : (words.goOnWith[step.action] ?? words.goOn)}
        </button>
      )}
    </div>
  );
}

function Facts({ alert, me }: { alert: AlertView; me: string }) {
  const all = useDeskWords();
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
