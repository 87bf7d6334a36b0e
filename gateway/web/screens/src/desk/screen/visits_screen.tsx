/** Plan against outcome: who cannot get in, then the visits of a day, as they are planned and as they are done. */
import { useState } from "preact/hooks";
import { clockTimeWithSeconds, dateOf } from "../../times";
import { useDeskWords } from "../../words/desk";
import { numberIn } from "../../words/numbers";
import type { Refusal } from "../refusal";
import type { Session } from "../session";
import type { ClosedNoEntry, VisitView } from "../visits/contract";
import { CHOICES, type Choice, DAYS, type DayChoice, counts, dayStart, isChosen } from "../visits/overview";
import { NoEntryList } from "./no_entry_list";
import { useNow } from "./now";
import { SaveVisits } from "./save_visits";
import { useVisits } from "./use_visits";
import { VisitLine } from "./visit_line";

interface Props {
  readonly session: Session;
  refuse(refusal: Refusal): void;
}

export function VisitsScreen({ session, refuse }: Props) {
  const words = useDeskWords().visits;
  const [day, setDay] = useState<DayChoice>("today");
  const { list, lost, stretch } = useVisits(session, day, refuse);
  const now = useNow();
  return (
    <div class="overview">
      <div class="which">
        <h2>{words.heading}</h2>
        <div class="choice" role="group" aria-label={words.day}>
          {DAYS.map((one) => (
            <button key={one} type="button" aria-pressed={one === day} onClick={() => setDay(one)}>
              {words.days[one]}
            </button>
          ))}
        </div>
        {list && list.visits.length > 0 && <SaveVisits {...{ session, stretch, refuse }} of={dayStart(day, now)} closed={list.closed} />}
      </div>
      {lost !== null && (
        <p class="problem" role="alert">
          {list ? words.asOf(clockTimeWithSeconds(lost)) : words.unknown}
        </p>
      )}
      {list === null && lost === null && <p class="empty">{words.loading}</p>}
      {list && (
        <>
          <NoEntryList {...{ session, refuse }} noEntries={list.no_entries} live={lost === null} />
          <Chosen {...{ day }} visits={list.visits} closed={list.closed} stuck={new Set(list.no_entries.map((one) => one.visit))} />
        </>
      )}
    </div>
  );
}

interface ChosenProps {
  readonly day: DayChoice;
  readonly visits: readonly VisitView[];
  readonly closed: readonly ClosedNoEntry[];
  /** Visits where somebody cannot get in and nobody has closed it. */
  readonly stuck: ReadonlySet<string>;
}

function Chosen({ day, visits, closed, stuck }: ChosenProps) {
  const { language, visits: words } = useDeskWords();
  const now = dayStart(day, useNow());
  const [choice, setChoice] = useState<Choice>("all");
  const count = counts(visits);
  const chosen = visits.filter((visit) => isChosen(visit, choice));
  return (
    <section aria-labelledby="planned">
      <h3 id="planned">{words.dayOf[day](dateOf(now))}</h3>
      <div class="choice" role="group" aria-label={words.choose}>
        {CHOICES.map((one) => (
          <button key={one} type="button" class={one} data-count={count[one]} aria-pressed={choice === one} onClick={() => setChoice(one)}>
            {words.choice[one]} <b>{numberIn(language, count[one])}</b>
          </button>
        ))}
      </div>
      {chosen.length === 0 && <p class="empty">{visits.length === 0 ? words.none : words.noneChosen}</p>}
      <ul>
        {chosen.map((visit) => (
          <VisitLine key={visit.id} visit={visit} now={now} stuck={stuck.has(visit.id)} closed={closed.filter((one) => one.visit === visit.id)} />
        ))}
      </ul>
    </section>
  );
}
