/** The top line: whose desk, whether there is contact, whether there is sound. */
import type { Looks } from "../../looks/looks";
import { LooksChoice } from "../../looks/looks_choice";
import type { Sound, SoundState } from "../../sound";
import { clockTimeWithSeconds } from "../../times";
import { useDeskWords } from "../../words/desk";
import type { Session } from "../session";
import type { Contact } from "../store";
import { mayAnywhere } from "../../signing_in/may";
import type { View } from "./use_view";
import { ViewChoice } from "./view_choice";

interface Props {
  readonly session: Session;
  /** Null where the choice stands elsewhere. */
  readonly looks: Looks | null;
  readonly sound: Sound;
  readonly soundState: SoundState;
  readonly contact: Contact;
  /** The gateway's time in its newest pulse. */
  readonly heard: string | null;
  readonly view: View;
  readonly untaken: number;
  /** Remote openings that wait for a second person. */
  readonly unanswered: number;
  leave(): void;
}

export function DeskHeader({ session, looks, leave, sound, soundState, contact, heard, view, untaken, unanswered }: Props) {
  const words = useDeskWords();
  return (
    <header>
      <h1>
        Vaka <span>{words.desk}</span>
      </h1>
      {mayAnywhere(session.may, "visit.read") && <ViewChoice {...{ view, untaken, unanswered }} />}
      <ContactLine contact={contact} heard={heard} />
      <SoundSwitch sound={sound} state={soundState} />
      <div class="person">
        <span>{session.unchecked ? words.signIn.at(session.operator) : session.operator}</span>
        <button type="button" class="quiet" onClick={leave}>
          {words.signIn.leave}
        </button>
      </div>
      {looks && <LooksChoice {...{ looks, words }} />}
    </header>
  );
}

/** The time of the newest pulse: it only moves while the feed lives, so that a screen that froze is seen to have frozen. */
function ContactLine({ contact, heard }: { contact: Contact; heard: string | null }) {
  const words = useDeskWords();
  if (contact.is === "live") return <p class="feed-state live">{words.contact.live(heard ? clockTimeWithSeconds(heard) : "…")}</p>;
  return <p class="feed-state">{contact.is === "seeking" ? words.contact.seeking : words.contact.lost}</p>;
}

function SoundSwitch({ sound, state }: { sound: Sound; state: SoundState }) {
  const words = useDeskWords();
  if (state === "unavailable") return <p class="sound off">{words.sound.unavailable}</p>;
  return (
    <div class={`sound ${state}`}>
      <span>{state === "on" ? words.sound.on : words.sound.off}</span>
      <button type="button" class={state === "on" ? "quiet" : "urgent"} onClick={() => void sound.turnOn()}>
        {state === "on" ? words.sound.test : words.sound.turnOn} <kbd>M</kbd>
      </button>
    </div>
  );
}
