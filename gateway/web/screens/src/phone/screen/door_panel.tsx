/** The door: hold the phone to the tag, then one large button; and in plain words how it went and what to do next. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { DoorAction } from "../../contract";
import { clockTime } from "../../times";
import { useWallTime } from "../../wall_time";
import { usePhoneWords } from "../../words/phone";
import type { PhoneWords } from "../../words/phone_sv";
import { saidIn } from "../../words/said";
import type { Purpose } from "../contract";
import { isWorking } from "../door";
import { type DoorAsked, isAtDoor, isInDoubt, isUnlocked } from "../store";
import { CallIn } from "./call_in";
import { Passing } from "./passing";
import { ReadingNote } from "./reading_note";
import { LockSign } from "./signs";
import { usePhone } from "./use_phone";

interface Props {
  readonly home: string;
  readonly purpose: Purpose;
  readonly door: boolean;
  readonly unlatch: boolean;
  /** Whether the person is there already: where the door is open too, locking is what is next. */
  readonly inside: boolean;
  /** Wall time (ms) from which the door may be asked for; null: it may be now. */
  readonly since: number | null;
  /** Nothing is left to do at the door but to lock it; how it went last is still said. */
  readonly over: boolean;
}

export function DoorPanel({ home, purpose, door, unlatch, inside, since, over }: Props) {
  const app = usePhone();
  const words = usePhoneWords();
  const now = useWallTime();
  const near = isAtDoor(app.phone, home, now);
  const asked = app.phone.door?.home === home ? app.phone.door : null;
  const working = isWorking(asked);
  const first = useRef<HTMLButtonElement>(null);
  const unlocked = isUnlocked(app.phone, home);
  const toLock = inside && unlocked;
  const drawn = useRef(false);
  useLayoutEffect(() => {
    if (near && !toLock) first.current?.focus();
  }, [near]);
  useLayoutEffect(() => {
    drawn.current = true;
  }, []);
  const ask = (action: DoorAction): void => void app.askDoor(home, action, purpose);
  if (over)
    return (
      <section class="door" aria-label={words.door.heading}>
        {asked && <DoorAnswer asked={asked} alarm={"alert" in purpose} />}
        {door && unlocked && asked?.stage !== "done" && <p class="warning">{words.door.leftUnlocked}</p>}
        {door && unlocked && <LockButton large working={working} press={() => ask("lock")} />}
      </section>
    );
  if (!door) return <p class="notice">{words.door.none}</p>;
  const early = since !== null && now + app.phone.clockLead < since;
  return (
    <section class="door" aria-label={words.door.heading}>
      {!near && <ReadingNote />}
      {toLock && asked && <DoorAnswer asked={asked} alarm={"alert" in purpose} />}
      {toLock && <LockButton large settles={asked !== null || drawn.current} working={working} press={() => ask("lock")} />}
      {near ? (
        <button ref={first} type="button" class={toLock ? "unlock" : "unlock large main-action"} disabled={working} onClick={() => ask("unlock")}>
          <LockSign action="unlock" /> {words.door.unlock}
        </button>
      ) : toLock ? (
        <p class="hint">{words.door.again}</p>
      ) : (
        <div class="hold">
          <p>{early ? words.door.tooEarly(clockTime(since, now)) : words.door.holdToTag}</p>
          <p class="hint">{early ? words.door.holdToTag : words.door.thenUnlock}</p>
        </div>
      )}
      {!near && !toLock && !early && (
        <details>
          <summary>{words.door.noTag}</summary>
          <p>{words.door.second}</p>
          <button type="button" disabled={working || asked?.stage === "second"} onClick={() => void app.askDoor(home, "unlock", purpose, true)}>
            {words.door.remote}
          </button>
        </details>
      )}
      {/* Below the button, where the answer comes in its place: it goes with the first touch. */}
      {near && <ReadingNote />}
      {!toLock && asked && <DoorAnswer asked={asked} alarm={"alert" in purpose} />}
      {/* One button for whoever stands in front of a locked door; this one comes below it, and moves it by nothing. */}
      {!toLock && (inside || (unlocked && !early) || isInDoubt(app.phone, home)) && <LockButton working={working} press={() => ask("lock")} />}
      {near && unlatch && (
        <details>
          <summary>{words.door.more}</summary>
          <p class="warning">{words.door.unlatchWarning}</p>
          <button type="button" class="urgent" disabled={working} onClick={() => ask("unlatch")}>
            {words.door.unlatch}
          </button>
        </details>
      )}
    </section>
  );
}

/**
 * Milliseconds: it comes where *Lås upp* was, and a thumb that taps once more must not lock what it just unlocked; nor one
 * that is on its way to *Lås upp* when somebody else unlocks the door.
 */
const SETTLES = 1_000;

interface LockProps {
  /** Locking is what comes next. Its shape, colour and sign are never those of unlocking. */
  readonly large?: boolean;
  /** It comes in the place of another button, and lies still for a moment after the door has answered. */
  readonly settles?: boolean;
  readonly working: boolean;
  press(): void;
}

function LockButton({ large = false, settles = false, working, press }: LockProps) {
  const words = usePhoneWords();
  const [settled, setSettled] = useState(!settles);
  useLayoutEffect(() => {
    if (working) return;
    const timer = setTimeout(() => setSettled(true), SETTLES);
    return () => clearTimeout(timer);
  }, [working]);
  return (
    <button type="button" class={large ? "lock large" : "lock"} disabled={working || !settled} onClick={press}>
      <LockSign action="lock" /> {words.door.lock}
    </button>
  );
}

/** What to say of it: what happened, and what to do next (empty where nothing is to be done). */
function answerOf(words: PhoneWords, asked: DoorAsked, alarm: boolean): readonly [string, string] {
  const own = words.door;
  const help = alarm ? own.help.alert : own.help.visit;
  if (asked.stage === "asking") return [own.asking[asked.action], ""];
  if (asked.stage === "offline") return [own.offline[asked.action === "lock" ? "lock" : "unlock"], `${own.offlineNext} ${help}`];
  if (asked.stage === "unanswered") return [own.unanswered[asked.action], `${own.unansweredNext} ${help}`];
  if (asked.stage === "second") return [own.waiting, own.waitingNext];
  if (asked.stage === "no_second") return [own.nobody, `${own.nobodyNext} ${help}`];
  if (asked.stage === "second_said_no") return [own.saidNo(asked.second ?? "?"), `${own.nobodyNext} ${help}`];
  const said = asked.words ? saidIn(words, asked.words) : own.denied;
  return [said, asked.nextStep ? saidIn(words, asked.nextStep) : ""];
}

export function DoorAnswer({ asked, alarm }: { asked: DoorAsked; alarm: boolean }) {
  const words = usePhoneWords();
  const [said, next] = answerOf(words, asked, alarm);
  const quiet = isWorking(asked) || asked.stage === "done" || asked.stage === "second";
  return (
    <>
      <div class={`answer ${asked.stage}`} data-standing={asked.stage} role={quiet ? "status" : "alert"}>
        <p>
          {asked.second && asked.stage !== "second_said_no" && <>{words.door.agreed(asked.second)} </>}
          {said}
        </p>
        {next && <p class="next">{next}</p>}
        {!isWorking(asked) && asked.stage !== "done" && <CallIn />}
      </div>
      {isWorking(asked) && <Passing />}
    </>
  );
}
