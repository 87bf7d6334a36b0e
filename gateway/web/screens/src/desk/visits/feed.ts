/** The coordinator's feed: the whole list whenever something of it changed, and a pulse. */
import { type Listener, listen } from "../../feed/connection";
import type { ServerEvent } from "../../feed/sse";
import { type Refusal, refusalIn } from "../refusal";
import { type Session, headersFor } from "../session";
import { startTicking } from "../ticking";
import type { VisitList } from "./contract";
import type { Stretch } from "./overview";

/** Milliseconds, as for the desk's own feed. */
const SILENCE_LIMIT = 4_400;
const LOOK_EVERY = 250;

export interface Heard extends Pick<Listener<Refusal>, "lost" | "refused"> {
  visits(list: VisitList): void;
}

/** Opens the feed of this stretch of time; returns what closes it. */
export function listenToVisits(session: Session, stretch: Stretch, heard: Heard): () => void {
  const events = (came: readonly ServerEvent[]): void => {
    for (const { event, data } of came) if (event === "visits") heard.visits(JSON.parse(data) as VisitList);
  };
  return listen(
    {
      path: `/api/v1/visits/live?${new URLSearchParams({ ...stretch })}`,
      current: "visits",
      silence: SILENCE_LIMIT,
      headers: () => headersFor(session),
      refusalIn: async (answer) => refusalIn(answer.status, answer.ok ? null : await answer.json().catch(() => null)),
      ticking: (look) => startTicking(LOOK_EVERY, look),
    },
    { events, lost: heard.lost, refused: heard.refused },
  );
}
