/** The home's door from the case, apart from the steps: unlocked behind a warning and never alone, locked by one person. */
import { elapsed } from "../../times";
import { useDeskWords } from "../../words/desk";
import type { DeskWords } from "../../words/desk_sv";
import { saidIn } from "../../words/said";
import type { AlertView } from "../contract";
import { type Asked, isUnderWay } from "../openings";
import type { Session } from "../session";
import { useNow } from "./now";

interface Props {
  readonly alert: AlertView;
  readonly session: Session;
  readonly asked: Asked | null;
  ask(alert: AlertView): void;
  lock(alert: AlertView): void;
}

export function RemotePanel({ alert, session, asked, ask, lock }: Props) {
  const words = useDeskWords().opening;
  // Said and not `disabled`: a button that becomes disabled drops the focus of whoever pressed it by key.
  const underWay = isUnderWay(asked);
  return (
    <section class="remote" aria-label={words.remote}>
      {asked && <Wish asked={asked} />}
      <details>
        <summary>{words.remote}</summary>
        {session.token ? (
          <p class="warning">{words.signInToAsk}</p>
        ) : (
          <>
            <p class="warning">{words.warning}</p>
            <div class="actions">
              <button type="button" aria-disabled={underWay} onClick={() => underWay || ask(alert)}>
                {words.ask}
              </button>
              <button type="button" aria-disabled={underWay} onClick={() => underWay || lock(alert)}>
                {words.lock}
              </button>
            </div>
          </>
        )}
      </details>
    </section>
  );
}

function Wish({ asked }: { asked: Asked }) {
  const words = useDeskWords();
  const now = useNow();
  const bad = asked.is === "refused" || asked.is === "unheard" || (asked.is === "opening" && ["declined", "over"].includes(asked.opening.standing));
  return (
    <div class={bad ? "problem" : "result"} data-standing={standingOf(asked)}>
      <p role="status">{wishWords(words, asked)}</p>
      {asked.is === "opening" && asked.opening.standing === "waiting" && <p>{words.opening.stillValid(elapsed(now, Date.parse(asked.opening.expires_at)))}</p>}
    </div>
  );
}

function standingOf(asked: Asked): string {
  if (asked.is === "locking") return asked.command.standing;
  return asked.is === "opening" ? (asked.command?.standing ?? asked.opening.standing) : asked.is;
}

function wishWords(words: DeskWords, asked: Asked): string {
  const say = words.opening;
  if (asked.is === "asking") return words.actions.busy;
  if (asked.is === "unheard") return say.unheard;
  if (asked.is === "refused") {
    const own = asked.why === null ? undefined : say.denied[asked.why];
    return own ?? (asked.said ? saidIn(words, asked.said) : words.problem.refused);
  }
  if (asked.is === "locking") return saidIn(words, asked.command.words);
  const { opening, command } = asked;
  if (opening.standing === "waiting") return say.waiting;
  if (opening.standing === "declined") return say.declinedBy(opening.second ?? "?");
  if (opening.standing === "over") return say.ranOut;
  return `${say.approvedBy(opening.second ?? "?")} ${command ? saidIn(words, command.words) : ""}`.trim();
}
