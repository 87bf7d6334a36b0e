/** Asking for a remote opening from the case: apart from the steps, behind a warning, and never alone. */
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
}

export function RemotePanel({ alert, session, asked, ask }: Props) {
  const words = useDeskWords().opening;
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
            <button type="button" disabled={isUnderWay(asked)} onClick={() => ask(alert)}>
              {words.ask}
            </button>
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
    <div class={bad ? "problem" : "result"} data-standing={asked.is === "opening" ? asked.command?.standing ?? asked.opening.standing : asked.is}>
      <p role="status">{wishWords(words, asked)}</p>
      {asked.is === "opening" && asked.opening.standing === "waiting" && <p>{words.opening.stillValid(elapsed(now, Date.parse(asked.opening.expires_at)))}</p>}
    </div>
  );
}

function wishWords(words: DeskWords, asked: Asked): string {
  const say = words.opening;
  if (asked.is === "asking") return words.actions.busy;
  if (asked.is === "unheard") return say.unheard;
  if (asked.is === "refused") {
    const own = asked.why === null ? undefined : say.denied[asked.why];
    return own ?? (asked.said ? saidIn(words, asked.said) : words.problem.refused);
  }
  const { opening, command } = asked;
  if (opening.standing === "waiting") return say.waiting;
  if (opening.standing === "declined") return say.declinedBy(opening.second ?? "?");
  if (opening.standing === "over") return say.ranOut;
  return `${say.approvedBy(opening.second ?? "?")} ${command ? saidIn(words, command.words) : ""}`.trim();
}
