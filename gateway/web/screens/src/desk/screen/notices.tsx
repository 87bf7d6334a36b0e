/** What is wrong with the contact or with the gateway's parts, in large letters, with what to do. */
import type { Sound, SoundState } from "../../sound";
import { clockTimeWithSeconds, elapsed } from "../../times";
import { useDeskWords } from "../../words/desk";
import type { Pulse } from "../contract";
import type { Contact } from "../store";
import { useNow } from "./now";

/** That no alarm will be heard, and what to do about it: for whoever takes alarms. */
export function SoundNotice({ sound, state }: { sound: Sound; state: SoundState }) {
  const words = useDeskWords().sound;
  if (state === "on") return null;
  return (
    <section class="notice unheard" role="status">
      <h2>{words.unheard}</h2>
      <p>{state === "off" ? words.touch : words.another}</p>
      {state === "off" && (
        <button type="button" class="urgent" onClick={() => void sound.turnOn()}>
          {words.turnOn} <kbd>M</kbd>
        </button>
      )}
    </section>
  );
}

interface Props {
  readonly contact: Contact;
  readonly informed: boolean;
  readonly pulse: Pulse | null;
}

export function Notices({ contact, informed, pulse }: Props) {
  const words = useDeskWords().contact;
  if (contact.is === "lost") return <Lost since={contact.since} informed={informed} />;
  if (contact.is !== "live") return <Notice grave={false} heading={words.seeking} detail={words.seekingDetail} />;
  return (
    <>
      {pulse && !pulse.database && <Notice grave heading={words.database} detail={words.databaseDetail} />}
      {pulse && !pulse.broker && <Notice grave heading={words.broker} detail={words.brokerDetail} />}
      {pulse && !pulse.bulk_alive && <Notice grave={false} heading={words.bulk} detail={words.bulkDetail} />}
    </>
  );
}

function Notice({ grave, heading, detail }: { grave: boolean; heading: string; detail: string }) {
  return (
    <section class={grave ? "notice grave" : "notice"} role={grave ? "alert" : "status"}>
      <h2>{heading}</h2>
      <p>{detail}</p>
    </section>
  );
}

/** The number as a link that the computer's telephone takes, or where it stands. */
function Reserve() {
  const { reserveNumber, callReserve, onPaper } = useDeskWords().contact;
  if (!reserveNumber) return <>{onPaper}</>;
  return <a href={`tel:${reserveNumber.replace(/[^+\d]/g, "")}`}>{callReserve(reserveNumber)}</a>;
}

function Lost({ since, informed }: { since: number; informed: boolean }) {
  const words = useDeskWords().contact;
  useNow();
  const passed = elapsed(since, Date.now());
  return (
    <section class="notice grave lost" aria-label={words.lost}>
      <div role="alert">
        <h2>{words.lost}</h2>
      </div>
      <p>
        <strong>{informed ? words.lostSince(clockTimeWithSeconds(since), passed) : words.neverHad(passed)}</strong> {words.listOld}
      </p>
      <p class="do-now">{words.doNow}</p>
      <ol>
        {words.steps.map((step, index) => (
          <li key={step}>
            {step} {index === 0 && <Reserve />}
          </li>
        ))}
      </ol>
    </section>
  );
}
