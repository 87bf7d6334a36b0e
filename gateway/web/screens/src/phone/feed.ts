/** The phone's feed: the whole day whenever something of it changed, and a pulse. */
import { type Listener, listen } from "../feed/connection";
import type { ServerEvent } from "../feed/sse";
import type { Today } from "./contract";

/** Milliseconds. The gateway sends a pulse every 5 s; with `LOOK_EVERY` a phone says within 10 s that it hears nothing. */
const SILENCE_LIMIT = 8_500;
const LOOK_EVERY = 500;

/** Nobody is signed in, or somebody who has no visits. */
export type Refusal = "denied" | "no role";

const REFUSAL: Readonly<Record<number, Refusal>> = { 401: "denied", 403: "no role" };

export interface Heard extends Pick<Listener<Refusal>, "lost" | "refused"> {
  today(today: Today): void;
  pulse(at: string): void;
}

/** Opens the feed; returns what closes it. */
export function listenOnPhone(heard: Heard): () => void {
  const events = (came: readonly ServerEvent[]): void => {
    for (const { event, data } of came) {
      if (event === "today") heard.today(JSON.parse(data) as Today);
      else if (event === "pulse") heard.pulse((JSON.parse(data) as { at: string }).at);
    }
  };
  return listen(
    {
      path: "/api/v1/phone/live",
      current: "today",
      silence: SILENCE_LIMIT,
      headers: () => new Headers(),
      refusalIn: async (answer) => REFUSAL[answer.status] ?? null,
      ticking: (look) => {
        const timer = setInterval(look, LOOK_EVERY);
        return () => clearInterval(timer);
      },
    },
    { events, lost: heard.lost, refused: heard.refused },
  );
}
