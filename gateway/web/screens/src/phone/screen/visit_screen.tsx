/** One visit: the door first, then what the person states by hand, and the way out when nobody opens. */
import { useState } from "preact/hooks";
import { mayIn } from "../../signing_in/may";
import { clockTime } from "../../times";
import { useWallTime } from "../../wall_time";
import { usePhoneWords } from "../../words/phone";
import type { NoEntry, Visit } from "../contract";
import { waitingAbout } from "../statement";
import { dayOf } from "../store";
import { BackToToday } from "./back_to_today";
import { DoorPanel } from "./door_panel";
import { NoEntryPanel } from "./no_entry_panel";
import { ReasonForm } from "./reason_form";
import { usePhone } from "./use_phone";
import { useStating } from "./use_stating";

/** Milliseconds before a visit from which the gateway lets its door be asked for. */
const BEFORE_VISIT = 30 * 60_000;

export function VisitScreen({ visit }: { visit: Visit }) {
  const app = usePhone();
  const words = usePhoneWords();
  const now = useWallTime();
  const { state, full } = useStating();
  const [asking, setAsking] = useState<"start" | "end" | null>(null);
  const unsent = waitingAbout(app.phone.statements, visit.id);
  const stuck: NoEntry | undefined = dayOf(app.phone)?.no_entries.find((one) => one.visit === visit.id && one.closed_at === null);
  const noEntry = stuck !== undefined || unsent.some((one) => one.what === "cannot_get_in");
  const begun = visit.standing === "started" || visit.standing === "partial";
  const others = visit.people.filter((name) => name !== app.phone.me?.display);
  const rights = app.phone.me?.may ?? null;
  const mine = mayIn(rights, visit.unit, "visit.work", "own");
  const off = visit.standing === "cancelled" || visit.standing === "declined";
  const over = visit.standing === "ended" || off;
  return (
    <>
      <BackToToday />
      <article class="visit" data-standing={visit.standing}>
        <p class="time">
          {clockTime(visit.from, now)}–{clockTime(visit.until, Date.parse(visit.from))}
        </p>
        <h1>{visit.resident || words.noResident}</h1>
        <p class="address">{visit.address}</p>
        <p class="state">
          {visit.delay ? words.delay[visit.delay] : words.standing[visit.standing]}
          {visit.started_at && visit.standing === "started" && ` · ${words.visit.started(clockTime(visit.started_at, now))}`}
          {visit.ended_at && ` · ${words.visit.ended(clockTime(visit.ended_at, now))}`}
        </p>
        {full && (
          <p class="warning" role="alert">
            {words.contact.full}
          </p>
        )}
        {noEntry && <NoEntryPanel noEntry={stuck ?? null} close={(reason) => stuck && state("close", stuck.id, reason)} />}
        {asking ? (
          <WhyByHand
            asking={asking}
            cancel={() => setAsking(null)}
            choose={(reason) => {
              setAsking(null);
              state(asking, visit.id, reason);
            }}
          />
        ) : (
          <>
            {!mine && <p class="notice">{words.visit.notMine}</p>}
            {mayIn(rights, visit.unit, "door.open", "own") && (
              <DoorPanel
                {...{ home: visit.home, door: visit.door && !off, unlatch: visit.unlatch, over }}
                purpose={{ visit: visit.id }}
                inside={begun}
                since={begun ? null : Date.parse(visit.from) - BEFORE_VISIT}
              />
            )}
            {/* Below the door: it comes and goes, and must not move a button under a thumb. */}
            {unsent.length > 0 && (
              <p class="unsent" role="status">
                {words.contact.saved}
              </p>
            )}
            <p class="tasks">{visit.tasks.length > 0 ? visit.tasks.join(", ") : words.today.noTasks}</p>
            {others.length > 0 && <p class="hint">{words.today.with(others.join(", "))}</p>}
            {mine && !over && <ByHand {...{ begun, noEntry }} ask={setAsking} cannotGetIn={() => state("cannot_get_in", visit.id)} />}
          </>
        )}
      </article>
    </>
  );
}

interface WhyProps {
  readonly asking: "start" | "end";
  choose(reason: string): void;
  cancel(): void;
}

/** No door and no tag says so: a person does, and why. */
function WhyByHand({ asking, choose, cancel }: WhyProps) {
  const words = usePhoneWords();
  const start = asking === "start";
  return (
    <ReasonForm
      question={start ? words.visit.whyStart : words.visit.whyEnd}
      reasons={start ? words.visit.startReasons : words.visit.endReasons}
      {...{ choose, cancel }}
    />
  );
}

interface ByHandProps {
  readonly begun: boolean;
  /** The reserve routine runs already. */
  readonly noEntry: boolean;
  ask(what: "start" | "end"): void;
  cannotGetIn(): void;
}

function ByHand({ begun, noEntry, ask, cannotGetIn }: ByHandProps) {
  const words = usePhoneWords();
  return (
    <div class="by-hand">
      <button type="button" onClick={() => ask(begun ? "end" : "start")}>
        {begun ? words.visit.end : words.visit.start}
      </button>
      {!begun && !noEntry && (
        <button type="button" class="urgent" onClick={cannotGetIn}>
          {words.visit.cannotGetIn}
        </button>
      )}
    </div>
  );
}
