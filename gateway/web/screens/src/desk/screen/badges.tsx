/** Short facts on an alert. Whether the condition still holds and how people stand to it are never one badge. */
import { useDeskWords } from "../../words/desk";
import { wordFor } from "../../words/said";
import type { AlertView } from "../contract";
import { climbed } from "../ladder";

/** Conditions that hold until a person ends the alert: to say that a press is "ongoing" would mean nothing. */
const LATCHED = new Set(["help_call", "fall", "unreadable_alarm", "equivocation"]);

export function Badges({ alert, me }: { alert: AlertView; me: string }) {
  const words = useDeskWords().alert;
  const presses = alert.condition === "help_call" ? words.presses : words.times;
  return (
    <span class="badges">
      {alert.occurrences > 1 && <span class="badge presses">{presses(alert.occurrences)}</span>}
      {alert.rung > 0 && !alert.attended && alert.standing !== "resolved" && <span class="badge escalated">{words.escalated(climbed(alert.rung))}</span>}
      <Standing alert={alert} me={me} />
      <Responder alert={alert} />
      <Beside alert={alert} />
      {!alert.active && alert.standing !== "resolved" && (
        <span class="badge cleared" title={words.clearedHint}>
          {words.cleared}
        </span>
      )}
      {alert.active && !LATCHED.has(alert.condition) && <span class="badge holds">{words.holds}</span>}
      {alert.missing.map((what) => (
        <span key={what} class="badge missing">
          {wordFor(words.missing, what)}
        </span>
      ))}
      {alert.redelivered && (
        <span class="badge again" title={words.redelivered}>
          {words.redeliveredShort}
        </span>
      )}
    </span>
  );
}

function Standing({ alert, me }: { alert: AlertView; me: string }) {
  const words = useDeskWords().alert;
  if (alert.standing === "resolved") return <span class="badge">{alert.reason}</span>;
  if (alert.claimed_by === null) return alert.attended ? null : <span class="badge unanswered">{words.unanswered}</span>;
  return (
    <>
      <span class="badge taken">{alert.claimed_by_id === me ? words.takenByMe : words.takenBy(alert.claimed_by)}</span>
      {alert.acknowledged_by !== null && <span class="badge read">{words.readBy(alert.acknowledged_by)}</span>}
    </>
  );
}

/** How the one who was sent stands to it. */
function Responder({ alert }: { alert: AlertView }) {
  const words = useDeskWords();
  const response = alert.response;
  if (!response || alert.standing === "resolved") return null;
  return <span class={`badge responder ${response.standing}`}>{words.alert.responder(response.name, words.response[response.standing])}</span>;
}

/** Who is inside as well, though somebody else was sent after them. */
function Beside({ alert }: { alert: AlertView }) {
  const words = useDeskWords().alert;
  if (alert.standing === "resolved") return null;
  return (
    <>
      {alert.beside.map((one) => (
        <span key={one.person} class="badge responder on_site">
          {words.beside(one.name)}
        </span>
      ))}
    </>
  );
}
