/** Plan against outcome: who cannot get in, then the visits around now, as they are planned and as they are done. */
import { useState } from "preact/hooks";
import { clockTimeWithSeconds } from "../../times";
import { useDeskWords } from "../../words/desk";
import type { Refusal } from "../refusal";
import type { Session } from "../session";
import type { ClosedNoEntry, VisitView } from "../visits/contract";
import { CHOICES, type Choice, counts, isChosen } from "../visits/overview";
import { NoEntryList } from "./no_entry_list";
import { useVisits } from "./use_visits";
import { VisitLine } from "./visit_line";

interface Props {
  readonly session: Session;
  refuse(refusal: Refusal): void;
}

export function VisitsScreen({ session, refuse }: Props) {
  const words = useDeskWords().visits;
  const { list, lost } = useVisits(session, refuse);
  return (
    <div class="overview">
      <h2>{words.heading}</h2>
      {lost !== null && (
        <p class="problem" role="alert">
          {list ? words.asOf(clockTimeWithSeconds(lost)) : words.unknown}
        </p>
      )}
      {list === null && lost === null && <p class="empty">{words.loading}</p>}
      {list && (
        <>
          <NoEntryList {...{ session, refuse }} noEntries={list.no_entries} live={lost === null} />
          <Chosen visits={list.visits} closed={list.closed} />
        </>
      )}
    </div>
  );
}

function Chosen({ visits, closed }: { visits: readonly VisitView[]; closed: readonly ClosedNoEntry[] }) {
  const words = useDeskWords().visits;
  const [choice, setChoice] = useState<Choice>("all");
  const count = counts(visits);
  const chosen = visits.filter((visit) => isChosen(visit, choice));
  return (
    <section aria-labelledby="planned">
      <h3 id="planned">{words.around}</h3>
      <div class="choice" role="group" aria-label={words.choose}>
        {CHOICES.map((one) => (
          <button key={one} type="button" class={one} data-count={count[one]} aria-pressed={choice === one} onClick={() => setChoice(one)}>
            {words.choice[one]} <b>{count[one]}</b>
          </button>
        ))}
      </div>
      {chosen.length === 0 && <p class="empty">{visits.length === 0 ? words.none : words.noneChosen}</p>}
      <ul>
        {chosen.map((visit) => (
          <VisitLine key={visit.id} visit={visit} closed={closed.filter((one) => one.visit === visit.id)} />
        ))}
      </ul>
    </section>
  );
}
