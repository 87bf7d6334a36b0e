/** Where somebody stands before a shut door: the reserve routine runs until a named person closes it and says how it went. */
import { useState } from "preact/hooks";
import { clockTime } from "../../times";
import { useDeskWords } from "../../words/desk";
import { saidIn } from "../../words/said";
import { closeNoEntry } from "../api";
import type { Refusal } from "../refusal";
import type { Session } from "../session";
import type { NoEntryView } from "../visits/contract";
import { Elapsed, useNow } from "./now";
import { WordsForm } from "./words_form";

interface Props {
  readonly noEntries: readonly NoEntryView[];
  readonly session: Session;
  /** Nothing can be closed while nobody hears. */
  readonly live: boolean;
  refuse(refusal: Refusal): void;
}

/** The one that is being closed; the same key for every attempt, so that it is closed once. */
interface Closing {
  readonly id: string;
  readonly key: string;
}

export function NoEntryList({ noEntries, session, live, refuse }: Props) {
  const words = useDeskWords();
  const [closing, setClosing] = useState<Closing | null>(null);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  if (noEntries.length === 0) return null;

  const close = async ({ id, key }: Closing, reason: string): Promise<void> => {
    setBusy(true);
    const outcome = await closeNoEntry(session, id, { reason, key });
    setBusy(false);
    setProblem(null);
    if (outcome.is === "done") setClosing(null);
    else if (outcome.is === "denied") refuse(outcome.refusal);
    else if (outcome.is === "unreached") setProblem(words.problem.unreached);
    else setProblem(outcome.problem.message ? saidIn(words, outcome.problem.message) : words.problem.refused);
  };
  return (
    <section class="no-entries" aria-labelledby="no-entries">
      <h3 id="no-entries">
        {words.standing.no_entry} <span class="count">{words.visits.open(noEntries.length)}</span>
      </h3>
      <p class="hint">{words.visits.reserve}</p>
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      <ul>
        {noEntries.map((one) => (
          <li key={one.id} data-no-entry={one.id}>
            <Stuck noEntry={one} />
            {closing?.id === one.id ? (
              <WordsForm
                question={{ heading: words.visits.howDidItGo, hint: words.actions.reasonHint, missing: words.visits.howMissing, choices: words.visits.endings, confirm: words.visits.close }}
                {...{ busy }}
                say={(reason) => void close(closing, reason)}
                cancel={() => setClosing(null)}
              />
            ) : (
              <button type="button" disabled={!live} onClick={() => setClosing({ id: one.id, key: crypto.randomUUID() })}>
                {words.visits.closeIt}
              </button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Stuck({ noEntry }: { noEntry: NoEntryView }) {
  const words = useDeskWords().visits;
  const now = useNow();
  return (
    <div>
      <p>
        <b>{noEntry.name}</b> {words.stuckAt} <b>{noEntry.resident || noEntry.label}</b>
      </p>
      <p>
        {[noEntry.address, words.since(clockTime(noEntry.at, now)), noEntry.reason].filter(Boolean).join(" · ")} (<Elapsed from={noEntry.at} />)
      </p>
    </div>
  );
}
