/** What is wrong with the contact or with the gateway's parts, in large letters, with what to do. */
import { clockTimeWithSeconds, elapsed } from "../../times";
import { useDeskWords } from "../../words/desk";
import type { Pulse } from "../contract";
import type { Contact } from "../store";
import { useNow } from "./now";

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
      <p>{words.doThis}</p>
    </section>
  );
}
