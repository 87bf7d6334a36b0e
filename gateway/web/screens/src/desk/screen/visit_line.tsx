/** One visit: when it was to be and with whom, how it stands, and who came and went when, and by what that is known;
 * who could not get in, and how that ended. */
import { clockTime } from "../../times";
import { useDeskWords } from "../../words/desk";
import type { DeskWords } from "../../words/desk_sv";
import type { ClosedNoEntry, Participant, Proof, VisitView } from "../visits/contract";

interface Props {
  readonly visit: VisitView;
  /** How it ended for those who could not get in, as far as it has. */
  readonly closed: readonly ClosedNoEntry[];
  /** Somebody still cannot get in. */
  readonly stuck: boolean;
  /** An instant of the day that is looked at: times of other days say which. */
  readonly now: number;
}

export function VisitLine({ visit, closed, stuck, now }: Props) {
  const words = useDeskWords();
  const say = words.visits;
  const over = visit.standing === "no_entry" && visit.delay === null && closed.length > 0 && !stuck;
  return (
    <li class={`visit ${over ? "closed" : visit.standing} ${visit.delay ?? ""}`} data-visit={visit.id} data-standing={visit.standing} data-delay={visit.delay ?? ""}>
      <p class="plan">
        <span class="unseen">{visit.planned ? say.planned : ""} </span>
        {visit.planned ? (
          <b>
            {clockTime(visit.from, now)}–{clockTime(visit.until, Date.parse(visit.from))}
          </b>
        ) : (
          <b>{say.byAlarm}</b>
        )}{" "}
        <span>{visit.people.join(", ")}</span>
      </p>
      <p class="whose">
        <b>{visit.resident || visit.label || words.noResident}</b> <span>{visit.address}</span>
      </p>
      <p class="how">
        <span class={`badge ${over ? "closed" : (visit.delay ?? visit.standing)}`}>{over ? say.closedBadge : badgeWords(words, visit)}</span>
      </p>
      <div class="outcome">
        {visit.participants.map((one) => (
          <p key={one.person}>
            <b>{one.name}</b> {shareWords(words, one, now)}
          </p>
        ))}
        {closed.map((one) => (
          <p key={one.id}>
            <b>{one.name}</b> {say.couldNot(clockTime(one.at, now))}. {say.closed(clockTime(one.closed_at, now), one.closed_by ?? "?")}: <b>{one.closing_reason}</b>
          </p>
        ))}
      </div>
    </li>
  );
}

function badgeWords(words: DeskWords, visit: VisitView): string {
  return visit.delay ? words.visits.delay[visit.delay] : words.standing[visit.standing];
}

/** `startat 08:03 (dörren), avslutat 08:29 (för hand: Glömde läsa taggen)` */
function shareWords(words: DeskWords, one: Participant, now: number): string {
  const say = words.visits;
  const came = one.arrived_at ? say.started(clockTime(one.arrived_at, now), howWords(words, one.arrived_by, one.arrived_reason)) : say.noStart;
  const went = one.left_at && say.ended(clockTime(one.left_at, now), howWords(words, one.left_by, one.left_reason));
  return [came, went, one.clock_suspect && say.clockSuspect].filter(Boolean).join(", ");
}

function howWords(words: DeskWords, by: Proof | null, reason: string): string {
  if (by === null) return "";
  const how = words.visits.proof[by];
  return reason ? `${how}: ${reason}` : how;
}
