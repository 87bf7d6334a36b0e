/** One visit: the door first, then what the person states by hand, and the way out when nobody opens. */
import { useState } from "preact/hooks";
import { clockTime } from "../../times";
import { usePhoneWords } from "../../words/phone";
import type { NoEntry, Visit } from "../contract";
import { type What, waitingAbout } from "../statement";
import { dayOf } from "../store";
import { BackToToday } from "./back_to_today";
import { DoorPanel } from "./door_panel";
import { NoEntryPanel } from "./no_entry_panel";
import { ReasonForm } from "./reason_form";
import { useStating } from "./use_stating";
import { usePhone, useWallTime } from "./use_phone";

/** Milliseconds before a visit from which the gateway lets its door be asked for. */
const BEFORE_VISIT = 30 * 60_000;

export function VisitScreen({ visit }: { visit: Visit }) {
  const app = usePhone();
  const words = usePhoneWords();
  const now = useWallTime();
  const { state, full } = useStating();
  const unsent = waitingAbout(app.phone.statements, visit.id);
  const stuck: NoEntry | undefined = dayOf(app.phone)?.no_entries.find((one) => one.visit === visit.id && one.closed_at === null);
  const noEntry = stuck !== undefined || unsent.some((one) => one.what === "cannot_get_in");
  const over = visit.standing === "ended" || visit.standing === "cancelled" || visit.standing === "declined";
  return (
    <>
      <BackToToday />
      <article class="visit" data-standing={visit.standing}>
        <p class="time">
          {clockTime(visit.from, now)}–{clockTime(visit.until, Date.parse(visit.from))}
        </p>
        <h1>{visit.resident || words.today.noResident}</h1>
        <p class="address">{visit.address}</p>
        <p class="state">
          {words.standing[visit.standing]}
          {visit.started_at && visit.standing === "started" && ` · ${words.visit.started(clockTime(visit.started_at, now))}`}
          {visit.ended_at && ` · ${words.visit.ended(clockTime(visit.ended_at, now))}`}
        </p>
        {unsent.length > 0 && (
          <p class="unsent" role="status">
            {words.contact.saved}
          </p>
        )}
        {full && (
          <p class="warning" role="alert">
            {words.contact.full}
          </p>
        )}
        {noEntry && <NoEntryPanel noEntry={stuck ?? null} close={(reason) => stuck && state("close", stuck.id, reason)} />}
        <DoorPanel
          {...{ home: visit.home, door: visit.door, unlatch: visit.unlatch, over }}
          purpose={{ visit: visit.id }}
          inside={visit.standing === "started" || visit.standing === "partial"}
          since={visit.standing === "started" ? null : Date.parse(visit.from) - BEFORE_VISIT}
        />
        <p class="tasks">{visit.tasks.length > 0 ? visit.tasks.join(", ") : words.today.noTasks}</p>
        {visit.people.length > 1 && <p class="hint">{words.today.with(visit.people.filter((name) => name !== app.phone.me?.display).join(", "))}</p>}
        <ByHand visit={visit} noEntry={noEntry} state={(what, reason) => state(what, visit.id, reason)} />
      </article>
    </>
  );
}

interface ByHandProps {
  readonly visit: Visit;
  readonly noEntry: boolean;
  state(what: What, reason: string): void;
}

/** What no door and no tag says. */
function ByHand({ visit, noEntry, state }: ByHandProps) {
  const words = usePhoneWords();
  const [asking, setAsking] = useState<"start" | "end" | null>(null);
  const begun = visit.standing === "started" || visit.standing === "partial";
  const open = begun || visit.standing === "planned" || visit.standing === "no_entry";
  if (!open) return null;
  if (asking) {
    const start = asking === "start";
    const choose = (reason: string): void => {
      setAsking(null);
      state(asking, reason);
    };
    return (
      <ReasonForm
        question={start ? words.visit.whyStart : words.visit.whyEnd}
        reasons={start ? words.visit.startReasons : words.visit.endReasons}
        choose={choose}
        cancel={() => setAsking(null)}
      />
    );
  }
  return (
    <div class="by-hand">
      {begun ? (
        <button type="button" onClick={() => setAsking("end")}>
          {words.visit.end}
        </button>
      ) : (
        <>
          <button type="button" onClick={() => setAsking("start")}>
            {words.visit.start}
          </button>
          {!noEntry && (
            <button type="button" class="urgent" onClick={() => state("cannot_get_in", "")}>
              {words.visit.cannotGetIn}
            </button>
          )}
        </>
      )}
    </div>
  );
}
