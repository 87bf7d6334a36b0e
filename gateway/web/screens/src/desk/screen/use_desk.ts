/** The desk's parts put together: store, feed, sound and spoken lines, for as long as the screen stands. */
import { useLayoutEffect, useMemo, useState } from "preact/hooks";
import { Sound, type SoundState } from "../../sound";
import type { DeskWords } from "../../words/desk_sv";
import { DeskStore } from "../desk_store";
import { listenAtDesk } from "../feed";
import { SOUND_AGAIN, pressing } from "../pressing";
import type { Refusal } from "../refusal";
import type { Session } from "../session";
import { type Desk, type Ring, waitingCalls } from "../store";
import { startTicking } from "../ticking";
import type { NoEntryView } from "../visits/contract";
import { whatWords } from "../why";

export interface Parts {
  readonly store: DeskStore;
  readonly desk: Desk;
  readonly sound: Sound;
  readonly soundState: SoundState;
  /** What a screen reader says now. */
  readonly spoken: string;
  /** The newest ones who cannot get in, for a screen reader. */
  readonly stuck: readonly NoEntryView[];
}

/** Milliseconds between two looks at whether something is to be heard again. */
const LOOK_EVERY = 500;
/** Calls named one by one; above it a screen reader would talk for minutes. */
const SPOKEN_LIMIT = 3;

function spokenRing(words: DeskWords, ring: Ring): string {
  const { alert } = ring;
  const what = whatWords(words, alert);
  const who = alert.resident || alert.home_label;
  if (ring.is === "escalated") return words.spoken.escalated(what, who);
  if (ring.is === "declined") return words.spoken.declined(alert.response?.name ?? "?", who);
  return ring.is === "new" ? words.spoken.new(what, who, alert.address) : words.spoken.repeat(what, who, alert.occurrences);
}

function spokenLine(words: DeskWords, said: readonly Ring[] | "lost"): string {
  if (said === "lost") return words.spoken.lost;
  if (said.length > SPOKEN_LIMIT) return words.spoken.many(said.length);
  return said.map((ring) => spokenRing(words, ring)).join(". ");
}

/** The most pressing of what there is to hear. */
function play(sound: Sound, rings: readonly Ring[]): void {
  if (rings.some((ring) => ring.is === "escalated" || ring.is === "declined")) sound.escalated();
  else if (rings.some((ring) => ring.is === "repeat")) sound.repeated();
  else sound.newCall();
}

/** Sounds again and again while a call waits, sharper once it was escalated, as a siren once it waits too long. */
class Reminder {
  private last = 0;

  constructor(private readonly sound: Sound) {}

  /** `now` is this computer's time (ms); what has just been heard is not heard twice. */
  heard(now: number): void {
    this.last = now;
  }

  look(desk: Desk, now: number): void {
    const how = pressing(desk, now + desk.clockLead);
    if (how === "nothing" || now - this.last < SOUND_AGAIN[how]) return;
    this.last = now;
    if (how === "overdue") this.sound.overdue();
    else if (how === "escalated") this.sound.escalated();
    else this.sound.newCall();
  }
}

export function useDesk(session: Session, words: DeskWords, refuse: (refusal: Refusal) => void): Parts {
  const [, redraw] = useState(0);
  const [said, setSaid] = useState<readonly Ring[] | "lost">([]);
  const [stuck, setStuck] = useState<readonly NoEntryView[]>([]);
  const parts = useMemo(() => {
    const sound = new Sound();
    const reminder = new Reminder(sound);
    const store = new DeskStore({
      rings: (rings) => {
        play(sound, rings);
        reminder.heard(Date.now());
        setSaid(rings);
      },
      stuck: (noEntries) => {
        // An alarm that waits is heard alone.
        if (waitingCalls(store.desk).length === 0) sound.asked();
        setStuck(noEntries);
      },
      lost: () => {
        sound.feedLost();
        setSaid("lost");
      },
    });
    return { store, sound, reminder };
  }, []);

  // Begun with the drawing and not after it: a hidden window's next frame may be a minute away.
  useLayoutEffect(() => {
    const { store, sound, reminder } = parts;
    const draw = (): void => redraw((drawn) => drawn + 1);
    const again = startTicking(LOOK_EVERY, () => reminder.look(store.desk, Date.now()));
    const stops = [store.subscribe(draw), sound.subscribe(draw), again];
    const close = listenAtDesk(session, {
      snapshot: (snapshot) => store.send({ is: "snapshot", snapshot }),
      alerts: (alerts) => store.send({ is: "alerts", alerts }),
      pulse: (pulse) => store.send({ is: "pulse", pulse, now: Date.now() }),
      noEntries: (list) => store.send({ is: "no_entries", list }),
      openings: (list) => store.send({ is: "openings", list }),
      lost: (since) => store.send({ is: "lost", since }),
      refused: refuse,
    });
    return () => {
      close();
      for (const stop of stops) stop();
    };
  }, []);

  return { store: parts.store, sound: parts.sound, desk: parts.store.desk, soundState: parts.sound.state(), spoken: spokenLine(words, said), stuck };
}
