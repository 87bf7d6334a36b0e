/** An alarm that was sent to this person: two buttons, then the home's door, being there, and what was done. */
import { clockTime, elapsed } from "../../times";
import { useWallTime } from "../../wall_time";
import { usePhoneWords } from "../../words/phone";
import { wordFor } from "../../words/said";
import type { Call } from "../contract";
import { type What, waitingAbout } from "../statement";
import { dayOf } from "../store";
import { AgreePanel } from "./agree_panel";
import { BackToToday } from "./back_to_today";
import { DoorPanel } from "./door_panel";
import { OutcomeForm } from "./outcome_form";
import { usePhone } from "./use_phone";
import { useStating } from "./use_stating";

export function CallScreen({ call }: { call: Call }) {
  const app = usePhone();
  const words = usePhoneWords();
  const { state, full } = useStating();
  const now = useWallTime() + app.phone.clockLead;
  const unsent = waitingAbout(app.phone.statements, call.id).length > 0;
  const say = (what: What, text = ""): void => state(what, call.id, text);
  const sent = call.response === "sent";
  const waiting = dayOf(app.phone)?.alerts.filter((one) => one.response === "sent" && one.id !== call.id) ?? [];
  const others = waiting.length;
  const accept = (): void => {
    app.go({ at: "alert", id: call.id });
    say("accept");
  };
  return (
    <>
      {!sent && <BackToToday />}
      <article class={`call ${call.response}`} data-standing={call.response}>
        <p class="state" role={sent ? "alert" : "status"}>
          {sent ? words.call.heading : call.closed ? words.call.closed : words.call.standing[call.response]}
        </p>
        <h1>{call.resident || words.noResident}</h1>
        <p class="address">{call.address}</p>
        <p class="what">
          {wordFor(words.condition, call.condition)}
          {call.condition === "help_call" && `, ${words.call.presses(call.occurrences)}`}
        </p>
        <p>{words.call.since(clockTime(call.occurred_at, now), elapsed(call.occurred_at, now))}</p>
        {full && (
          <p class="warning" role="alert">
            {words.contact.full}
          </p>
        )}
        {call.closed && <p class="notice">{words.call.closedNext}</p>}
        {!sent && <AgreePanel alert={call.id} />}
        {!sent && (
          <DoorPanel
            {...{ home: call.home, door: call.door, unlatch: call.unlatch }}
            purpose={{ alert: call.id }}
            inside={call.response === "on_site"}
            since={null}
            over={call.closed || call.response === "left"}
          />
        )}
        {/* Below the door: it comes and goes, and must not move a button under a thumb. */}
        {unsent && (
          <p class="unsent" role="status">
            {words.contact.saved}
          </p>
        )}
        <section class="instruction">
          <h2>{words.call.instruction}</h2>
          <p>{call.instruction || words.call.noInstruction}</p>
        </section>
        {others > 0 && <p class="notice">{words.call.more(others)}</p>}
        {sent ? (
          <div class="two">
            <button type="button" class="large main-action" onClick={accept}>
              {words.call.accept}
            </button>
            <button type="button" class="large" onClick={() => say("decline")}>
              {words.call.decline}
            </button>
          </div>
        ) : (
          <Answering call={call} say={say} />
        )}
      </article>
    </>
  );
}

function Answering({ call, say }: { call: Call; say(what: What, text?: string): void }) {
  const words = usePhoneWords();
  if (call.response === "accepted") {
    return (
      <button type="button" onClick={() => say("on_site")}>
        {words.call.onSite}
      </button>
    );
  }
  return (
    <>
      {call.outcome ? <p class="notice">{words.call.saved(call.outcome)}</p> : <OutcomeForm save={(text) => say("outcome", text)} />}
      {call.response === "on_site" && (call.outcome || call.closed) && (
        <button type="button" onClick={() => say("left")}>
          {words.call.left}
        </button>
      )}
    </>
  );
}
