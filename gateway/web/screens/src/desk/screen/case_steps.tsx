/** What has been done about an alert, in the order in which it is done, with the time of each step. */
import { clockTime } from "../../times";
import { useDeskWords } from "../../words/desk";
import type { DeskWords } from "../../words/desk_sv";
import type { AlertView, Responding } from "../contract";
import { climbed } from "../ladder";
import { useNow } from "./now";

interface Step {
  readonly name: string;
  readonly text: string;
  readonly grave?: boolean;
  /** Of whom the desk may say that they have left. */
  readonly inside?: Responding;
}

/** `left` says that somebody who is inside beside the newest responder has left; null for who may not say so. */
export function CaseSteps({ alert, left }: { alert: AlertView; left: ((person: string) => void) | null }) {
  const words = useDeskWords();
  const now = useNow();
  const steps = stepsOf(words, alert, now);
  if (steps.length === 0) return null;
  return (
    <section class="steps" aria-labelledby="steps">
      <h3 id="steps">{words.steps.heading}</h3>
      <dl>
        {steps.map((step) => (
          <div key={step.inside?.person ?? step.name} class={step.grave ? "grave" : ""}>
            <dt>{step.name}</dt>
            <dd>
              {step.text}
              {step.inside && left && (
                <button type="button" class="quiet" onClick={() => step.inside && left(step.inside.person)}>
                  {words.steps.hasLeft(step.inside.name)}
                </button>
              )}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function stepsOf(words: DeskWords, alert: AlertView, now: number): readonly Step[] {
  const say = words.steps;
  const { called_back: called, response } = alert;
  return [
    alert.escalated_at && { name: say.escalated, text: say.rung(clockTime(alert.escalated_at, now), climbed(alert.rung)), grave: !alert.attended },
    alert.calling_since && { name: say.calling, text: say.callingSince(clockTime(alert.calling_since, now), alert.claimed_by ?? "") },
    called && { name: say.called, text: say.calledBack(clockTime(called.at, now), words.call[called.result], called.by) },
    response && { name: say.sent, text: say.sentTo(clockTime(response.sent_at, now), response.name) },
    response && responseStep(words, response, now),
    ...alert.beside.map((one) => ({ name: words.alert.beside(one.name), text: responseStep(words, one, now).text, inside: one })),
    alert.outcome && { name: say.outcome, text: alert.outcome },
  ].filter((step): step is Step => Boolean(step));
}

/** The newest thing that is known of the responder. */
function responseStep(words: DeskWords, response: Responding, now: number): Step {
  const at = { accepted: response.accepted_at, on_site: response.on_site_at, left: response.left_at, sent: null, declined: null };
  const since = at[response.standing];
  const standing = words.response[response.standing];
  const text = since ? words.steps.since(standing, clockTime(since, now)) : standing;
  return { name: response.name, text, grave: response.standing === "declined" };
}
