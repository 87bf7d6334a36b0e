/** The desk's parts put together: store, feed, sound and spoken lines, for as long as the screen stands. */
import { useEffect, useMemo, useState } from "preact/hooks";
import { DeskStore } from "../desk_store";
import { Feed } from "../feed/feed";
import type { Refusal } from "../refusal";
import type { Session } from "../session";
import { Sound, type SoundState } from "../sound";
import type { Desk, Ring } from "../store";
import { whatWords } from "../why";
import type { Words } from "../words/language";

export interface Parts {
  readonly store: DeskStore;
  readonly desk: Desk;
  readonly sound: Sound;
  readonly soundState: SoundState;
  /** What a screen reader says now. */
  readonly spoken: string;
}

/** Calls named one by one; above it a screen reader would talk for minutes. */
const SPOKEN_LIMIT = 3;

function spokenRing(words: Words, ring: Ring): string {
  const { alert } = ring;
  const what = whatWords(words, alert);
  const who = alert.resident || alert.home_label;
  return ring.is === "new" ? words.spoken.new(what, who, alert.address) : words.spoken.repeat(what, who, alert.occurrences);
}

function spokenLine(words: Words, said: readonly Ring[] | "lost"): string {
  if (said === "lost") return words.spoken.lost;
  if (said.length > SPOKEN_LIMIT) return words.spoken.many(said.length);
  return said.map((ring) => spokenRing(words, ring)).join(". ");
}

export function useDesk(session: Session, words: Words, refuse: (refusal: Refusal) => void): Parts {
  const [, redraw] = useState(0);
  const [said, setSaid] = useState<readonly Ring[] | "lost">([]);
  const parts = useMemo(() => {
    const sound = new Sound();
    const store = new DeskStore({
      rings: (rings) => {
        if (rings.some((ring) => ring.is === "repeat")) sound.repeated();
        else sound.newCall();
        setSaid(rings);
      },
      lost: () => {
        sound.feedLost();
        setSaid("lost");
      },
    });
    return { store, sound };
  }, []);

  useEffect(() => {
    const { store, sound } = parts;
    const draw = (): void => redraw((drawn) => drawn + 1);
    const stops = [store.subscribe(draw), sound.subscribe(draw)];
    const close = new Feed(session, {
      snapshot: (snapshot) => store.send({ is: "snapshot", snapshot }),
      alert: (alert) => store.send({ is: "alert", alert }),
      pulse: (pulse) => store.send({ is: "pulse", pulse, now: Date.now() }),
      lost: (since) => store.send({ is: "lost", since }),
      refused: refuse,
    }).open();
    return () => {
      close();
      for (const stop of stops) stop();
    };
  }, []);

  return { ...parts, desk: parts.store.desk, soundState: parts.sound.state(), spoken: spokenLine(words, said) };
}
