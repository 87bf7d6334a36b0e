/** The desk asks for a remote opening of a home whose alarm this person has accepted: agree to it, or not. */
import { useLayoutEffect, useState } from "preact/hooks";
import type { Command, Opening } from "../../contract";
import { elapsed } from "../../times";
import { useWallTime } from "../../wall_time";
import { usePhoneWords } from "../../words/phone";
import type { PhoneWords } from "../../words/phone_sv";
import { saidIn } from "../../words/said";
import { type Outcome, approveOpening, declineOpening, openingsToAgree } from "../calls";
import { usePhone } from "./use_phone";

/** Milliseconds between looks, while the alarm is on the screen. */
const LOOK_EVERY = 5_000;

export function AgreePanel({ alert }: { alert: string }) {
  const app = usePhone();
  const words = usePhoneWords();
  const now = useWallTime() + app.phone.clockLead;
  const [opening, setOpening] = useState<Opening | null>(null);
  const [said, setSaid] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  useLayoutEffect(() => {
    const look = async (): Promise<void> => {
      const outcome = await openingsToAgree();
      if (outcome.is === "done") setOpening(outcome.value.find((one) => one.purpose_id === alert) ?? null);
    };
    void look();
    const timer = setInterval(() => void look(), LOOK_EVERY);
    return () => clearInterval(timer);
  }, [alert]);

  const answer = async (ask: (opening: string) => Promise<Outcome<Command | Opening>>, done: string): Promise<void> => {
    if (!opening) return;
    setBusy(true);
    const outcome = await ask(opening.opening);
    setBusy(false);
    setOpening(null);
    setSaid(answerWords(words, outcome, done, opening.action));
  };
  if (!opening) return said && <p class="notice" role="status">{said}</p>;
  return (
    <section class="notice agree" role="alert">
      <p>{words.agree.asks(opening.person)}</p>
      <p>{words.agree.validFor(elapsed(now, Date.parse(opening.expires_at)))}</p>
      <button type="button" disabled={busy} onClick={() => void answer(approveOpening, words.agree.approved)}>
        {words.agree.approve}
      </button>
      <button type="button" disabled={busy} onClick={() => void answer(declineOpening, words.agree.declined)}>
        {words.agree.decline}
      </button>
    </section>
  );
}

function answerWords(words: PhoneWords, outcome: Outcome<Command | Opening>, done: string, action: Opening["action"]): string {
  if (outcome.is === "done") return done;
  return "said" in outcome && outcome.said ? saidIn(words, outcome.said) : words.door.unanswered[action];
}
