/** Nobody opens: what to do now, open until a named person closes it. */
import { usePhoneWords } from "../../words/phone";
import type { NoEntry } from "../contract";
import { CallIn } from "./call_in";
import { ReasonForm } from "./reason_form";

interface Props {
  /** Null until the gateway has heard of it. */
  readonly noEntry: NoEntry | null;
  close(reason: string): void;
}

export function NoEntryPanel({ noEntry, close }: Props) {
  const words = usePhoneWords();
  return (
    <section class="warning" role="alert" aria-labelledby="no-entry">
      <h2 id="no-entry">{words.noEntry.heading}</h2>
      <p>{words.noEntry.kept}</p>
      <p class="next">{words.noEntry.nextStep}</p>
      <CallIn />
      {noEntry ? (
        <ReasonForm question={words.noEntry.close} reasons={words.noEntry.reasons} choose={close} cancel={null} />
      ) : (
        <p>{words.noEntry.closeLater}</p>
      )}
    </section>
  );
}
