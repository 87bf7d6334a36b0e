/** Today: alarms that were accepted, then the visits that are left in order of time; those that are done are folded below. */
import type { Looks } from "../../looks/looks";
import { LooksChoice } from "../../looks/looks_choice";
import { clockTime } from "../../times";
import { useWallTime } from "../../wall_time";
import { usePhoneWords } from "../../words/phone";
import type { Call, Today, Visit } from "../contract";
import { waitingAbout } from "../statement";
import { isUnlocked } from "../store";
import { DoorAnswer } from "./door_panel";
import { ReadingNote } from "./reading_note";
import { SignOut } from "./sign_out";
import { usePhone } from "./use_phone";

interface Props {
  readonly today: Today | null;
  readonly looks: Looks;
  /** What the person looked at and is not there any more. */
  readonly gone: "visit" | "alert" | null;
}

export function TodayScreen({ today, looks, gone }: Props) {
  const { phone } = usePhone();
  const words = usePhoneWords();
  const known = phone.contact.is === "live";
  const visits = today?.visits ?? [];
  const done = visits.filter((visit) => isDone(visit) && !isUnlocked(phone, visit.home));
  const ahead = visits.filter((visit) => !done.includes(visit));
  return (
    <>
      <h1>
        {words.today.heading} <small>{phone.me?.display}</small>
      </h1>
      <ReadingNote />
      {gone && (
        <p class="notice" role="status">
          {gone === "visit" ? words.today.goneVisit : words.today.goneCall}
        </p>
      )}
      {gone && phone.door && <DoorAnswer asked={phone.door} alarm={gone === "alert"} />}
      {today && today.alerts.length > 0 && (
        <section aria-labelledby="calls">
          <h2 id="calls">{words.today.calls}</h2>
          <ul>
            {today.alerts.map((call) => (
              <li key={call.id}>
                <CallItem call={call} />
              </li>
            ))}
          </ul>
        </section>
      )}
      <section aria-labelledby="visits">
        <h2 id="visits">{words.today.visits}</h2>
        {visits.length === 0 && <p class="empty">{known && today ? words.today.none : words.today.noneUnknown}</p>}
        {visits.length > 0 && ahead.length === 0 && <p class="empty">{words.today.allDone}</p>}
        <VisitItems visits={ahead} />
        {done.length > 0 && (
          <details class="done">
            <summary>{words.today.done(done.length)}</summary>
            <VisitItems visits={done} />
          </details>
        )}
      </section>
      <footer>
        <SignOut />
        <LooksChoice {...{ looks, words }} />
      </footer>
    </>
  );
}

/** Whether nothing is left to do of it; what is incomplete is not. */
function isDone({ standing }: Visit): boolean {
  return standing === "ended" || standing === "cancelled" || standing === "declined";
}

function VisitItems({ visits }: { visits: readonly Visit[] }) {
  return (
    <ul>
      {visits.map((visit) => (
        <li key={visit.id}>
          <VisitItem visit={visit} />
        </li>
      ))}
    </ul>
  );
}

function VisitItem({ visit }: { visit: Visit }) {
  const app = usePhone();
  const words = usePhoneWords();
  const now = useWallTime();
  const unsent = waitingAbout(app.phone.statements, visit.id).length > 0;
  return (
    <button type="button" class="item" data-standing={visit.standing} onClick={() => app.go({ at: "visit", id: visit.id })}>
      <span class="time">
        {clockTime(visit.from, now)}–{clockTime(visit.until, Date.parse(visit.from))}
      </span>
      <b>{visit.resident || words.noResident}</b>
      <span>{visit.address}</span>
      {visit.tasks.length > 0 && <span class="tasks">{visit.tasks.join(", ")}</span>}
      <span class="state">{visit.delay ? words.delay[visit.delay] : words.standing[visit.standing]}</span>
      {unsent && <span class="unsent">{words.contact.saved}</span>}
    </button>
  );
}

function CallItem({ call }: { call: Call }) {
  const app = usePhone();
  const words = usePhoneWords();
  return (
    <button type="button" class="item call" data-standing={call.response} onClick={() => app.go({ at: "alert", id: call.id })}>
      <b>{call.resident || words.noResident}</b>
      <span>{call.address}</span>
      <span class="state">{call.closed ? words.call.closed : words.call.standing[call.response]}</span>
    </button>
  );
}
