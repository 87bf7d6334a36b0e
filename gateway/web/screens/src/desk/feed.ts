/** The desk's feed: a snapshot of the open alerts, then every change, and a pulse. */
import { type Listener, listen } from "../feed/connection";
import type { ServerEvent } from "../feed/sse";
import type { Opening } from "../contract";
import type { AlertView, Pulse, Snapshot } from "./contract";
import { type Refusal, refusalIn } from "./refusal";
import { type Session, headersFor } from "./session";
import { startTicking } from "./ticking";
import type { NoEntryView } from "./visits/contract";

/** Milliseconds. The gateway sends a pulse every 2 s. Two missed and a margin; with `LOOK_EVERY` it stays below 5 s. */
const SILENCE_LIMIT = 4_400;
const LOOK_EVERY = 250;

export interface Heard extends Pick<Listener<Refusal>, "lost" | "refused"> {
  snapshot(snapshot: Snapshot): void;
  /** What came together: in a storm some dozens, told and drawn at once. */
  alerts(alerts: readonly AlertView[]): void;
  pulse(pulse: Pulse): void;
  /** For whoever may end them: all who cannot get in now. */
  noEntries(list: readonly NoEntryView[]): void;
  /** For whoever may be the second person: all remote openings that wait now. */
  openings(list: readonly Opening[]): void;
}

/** Opens the feed; returns what closes it. */
export function listenAtDesk(session: Session, heard: Heard): () => void {
  const other = ({ event, data }: ServerEvent): void => {
    if (event === "snapshot") heard.snapshot(JSON.parse(data) as Snapshot);
    else if (event === "no_entries") heard.noEntries((JSON.parse(data) as { no_entries: NoEntryView[] }).no_entries);
    else if (event === "openings") heard.openings((JSON.parse(data) as { openings: Opening[] }).openings);
    else if (event === "pulse") heard.pulse(JSON.parse(data) as Pulse);
  };
  const events = (came: readonly ServerEvent[]): void => {
    let alerts: AlertView[] = [];
    const tell = (): void => {
      if (alerts.length > 0) heard.alerts(alerts);
      alerts = [];
    };
    for (const one of came) {
      if (one.event === "alert") alerts.push(JSON.parse(one.data) as AlertView);
      else {
        tell();
        other(one);
      }
    }
    tell();
  };
  return listen(
    {
      path: "/api/v1/live",
      current: "snapshot",
      silence: SILENCE_LIMIT,
      headers: () => headersFor(session),
      refusalIn: async (answer) => refusalIn(answer.status, answer.ok ? null : await answer.json().catch(() => null)),
      ticking: (look) => startTicking(LOOK_EVERY, look),
    },
    { events, lost: heard.lost, refused: heard.refused },
  );
}
