/** Remote openings that wait for a second person: who asks, which home, why, for how long; agree or not, and what came of it. */
import type { Opening } from "../../contract";
import { clockTime, elapsed } from "../../times";
import { useDeskWords } from "../../words/desk";
import type { DeskWords } from "../../words/desk_sv";
import { saidIn } from "../../words/said";
import { wordFor } from "../../words/said";
import type { AlertView } from "../contract";
import { KEY } from "../keyboard";
import { type OpenAlerts, found } from "../open_alerts";
import { type Answer, type Row, waitingIn } from "../openings";
import type { Session } from "../session";
import { Elapsed, useNow } from "./now";
import type { Openings } from "./use_openings";

const AGREE = "agree";

/** Puts the focus on the next one that waits, the first one again after the last. */
export function focusNextOpening(): void {
  const buttons = [...document.querySelectorAll<HTMLElement>(`.opening .${AGREE}`)];
  const at = buttons.findIndex((button) => button === document.activeElement);
  buttons[(at + 1) % buttons.length]?.focus();
}

interface Props {
  readonly openings: Openings;
  readonly session: Session;
  readonly alerts: OpenAlerts;
}

export function OpeningList({ openings, session, alerts }: Props) {
  const words = useDeskWords();
  if (openings.rows.length === 0) return null;
  const waiting = waitingIn(openings.rows).length;
  return (
    <section class="openings" aria-labelledby="openings">
      <h2 id="openings">
        {waiting > 0 ? words.opening.heading : words.opening.answered} {waiting > 0 && <span class="count">{words.opening.count(waiting)}</span>} <kbd>{KEY.openings.toUpperCase()}</kbd>
      </h2>
      {waiting > 0 && <p class={session.token ? "problem" : "hint"}>{session.token ? words.opening.signIn : words.opening.hint}</p>}
      <ul>
        {openings.rows.map((row) => (
          <OpeningRow key={row.opening.opening} {...{ row, openings, session }} alert={found(alerts, row.opening.purpose_id) ?? null} />
        ))}
      </ul>
    </section>
  );
}

interface RowProps {
  readonly row: Row;
  readonly openings: Openings;
  readonly session: Session;
  readonly alert: AlertView | null;
}

function OpeningRow({ row, openings, session, alert }: RowProps) {
  const words = useDeskWords();
  const { opening, answer } = row;
  const said = `opening-${opening.opening}`;
  return (
    <li class="opening" data-opening={opening.opening} data-answer={answer?.is ?? "waiting"}>
      <div id={said}>
        <p class="wish">
          <b>{opening.person}</b> {wordFor(words.opening.wants, opening.action)} <b>{opening.resident || opening.home_label}</b>
        </p>
        <p>
          {[opening.address, whyWords(words, opening, alert)].filter(Boolean).join(" · ")}
        </p>
        {answer === null && <Times opening={opening} />}
      </div>
      {answer !== null ? (
        <Became answer={answer} hide={() => openings.hide(opening)} />
      ) : (
        !session.token && (
          <div class="actions">
            <button type="button" class={AGREE} aria-describedby={said} onClick={() => openings.approve(opening)}>
              {words.opening.approve}
            </button>
            <button type="button" aria-describedby={said} onClick={() => openings.decline(opening)}>
              {words.opening.decline}
            </button>
          </div>
        )
      )}
    </li>
  );
}

function whyWords(words: DeskWords, opening: Opening, alert: AlertView | null): string {
  if (opening.purpose === "visit") return words.opening.forVisit;
  return alert ? words.opening.forAlert(wordFor(words.condition, alert.condition)) : words.opening.forAnAlert;
}

function Times({ opening }: { opening: Opening }) {
  const words = useDeskWords().opening;
  const now = useNow();
  return (
    <p>
      {words.askedAt(clockTime(opening.asked_at, now))} (<Elapsed from={opening.asked_at} />), {words.validFor(elapsed(now, Date.parse(opening.expires_at)))}
    </p>
  );
}

/** What came of it, and a button that puts it away once nothing more is to come. */
function Became({ answer, hide }: { answer: Answer; hide(): void }) {
  const words = useDeskWords();
  const over = answer.is === "approved" ? answer.command.final : answer.is !== "sending";
  return (
    <div class="actions">
      <p class={answer.is === "refused" || answer.is === "unheard" ? "problem" : "result"} role="status">
        {answerWords(words, answer)}
      </p>
      {over && (
        <button type="button" class="quiet" onClick={hide}>
          {words.opening.hide}
        </button>
      )}
    </div>
  );
}

function answerWords(words: DeskWords, answer: Answer): string {
  if (answer.is === "sending") return words.actions.busy;
  if (answer.is === "declined") return words.opening.youDeclined;
  if (answer.is === "unheard") return words.opening.unheard;
  if (answer.is === "refused") return answer.said ? saidIn(words, answer.said) : words.problem.refused;
  return `${words.opening.youApproved} ${saidIn(words, answer.command.words)}`;
}
