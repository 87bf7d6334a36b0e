/** The list: calls, then what somebody should look at, then faults folded away so that they never bury a call. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { clockTime, clockTimeWithSeconds } from "../../times";
import { useDeskWords } from "../../words/desk";
import { wordFor } from "../../words/said";
import type { AlertView } from "../contract";
import { KEY } from "../keyboard";
import { countByCondition, newestCall } from "../order";
import { type Acting, mayAct } from "../steps";
import type { Known } from "../store";
import { whatWords } from "../why";
import { AlertRow } from "./alert_row";
import { Elapsed, useNow } from "./now";

/** Rows of concerns or faults drawn at once; calls are always all drawn. */
const PAGE = 50;

interface Props {
  readonly calls: readonly AlertView[];
  readonly concerns: readonly AlertView[];
  readonly faults: readonly AlertView[];
  readonly ended: readonly AlertView[];
  readonly chosenId: string | null;
  readonly faultsShown: boolean;
  readonly untaken: number;
  readonly me: Acting;
  /** What an empty list may claim; otherwise it says that nothing is known. */
  readonly known: Known;
  /** When the list was last current (wall time, ms), while it no longer is. */
  readonly asOf: number | null;
  open(id: string): void;
  /** Null while nothing can be taken. */
  readonly take: ((alert: AlertView) => void) | null;
  /** The person takes alarms nowhere: it is said once, above them. */
  readonly follows: boolean;
  showFaults(shown: boolean): void;
  /** What stands below the calls and above everything else. */
  readonly children: ComponentChildren;
}

export function AlertList(props: Props) {
  const words = useDeskWords();
  const { calls, concerns, faults, ended, chosenId, known, me } = props;
  const row = (alert: AlertView) => (
    <AlertRow key={alert.id} alert={alert} me={me.person} chosen={alert.id === chosenId} open={props.open} take={mayAct(me, alert, "take") ? props.take : null} />
  );
  const newest = newestCall(calls);
  const unwatched = known.calls ? words.list.unwatched : words.list.unknown;
  return (
    <div class="list">
      {props.asOf !== null && <p class="problem">{words.list.asOf(clockTimeWithSeconds(props.asOf))}</p>}
      {newest && calls.length > 1 && <Newest call={newest} open={props.open} />}
      <section class="calls" aria-labelledby="calls">
        <h2 id="calls">
          {words.list.calls} <Count all={calls.length} untaken={props.untaken} />
        </h2>
        {calls.length === 0 && <p class="empty">{known.calls ? words.list.noCalls : words.list.unknown}</p>}
        {props.follows && <p class="hint">{words.actions.follow}</p>}
        <ul>{calls.map(row)}</ul>
      </section>
      {props.children}
      <section class="concerns" aria-labelledby="concerns">
        <h2 id="concerns">
          {words.list.concerns} <Count all={concerns.length} />
        </h2>
        {concerns.length === 0 && <p class="empty">{known.watch ? words.list.noConcerns : unwatched}</p>}
        <Paged rows={concerns} row={row} />
      </section>
      <section class="faults" aria-labelledby="faults">
        <h2 id="faults">
          {words.list.faults} <Count all={faults.length} />
        </h2>
        {faults.length === 0 ? (
          <p class="empty">{known.watch ? words.list.noFaults : unwatched}</p>
        ) : (
          <Faults faults={faults} shown={props.faultsShown} show={props.showFaults}>
            <Paged rows={faults} row={row} />
          </Faults>
        )}
      </section>
      {ended.length > 0 && (
        <section class="ended" aria-labelledby="ended">
          <h2 id="ended">{words.list.ended}</h2>
          <ul>{ended.map(row)}</ul>
        </section>
      )}
    </div>
  );
}

function Count({ all, untaken = 0 }: { all: number; untaken?: number }) {
  const words = useDeskWords();
  if (all === 0) return null;
  return (
    <span class="count">
      {words.list.count(all)}
      {untaken > 0 && <b> {words.list.untaken(untaken)}</b>}
    </span>
  );
}

/** The newest press, wherever in the list its alert stands. */
function Newest({ call, open }: { call: AlertView; open(id: string): void }) {
  const words = useDeskWords();
  const now = useNow();
  return (
    <button type="button" class="newest" onClick={() => open(call.id)} title={words.list.newestHint}>
      <span>{words.list.newest}</span> <strong>{call.resident || call.home_label}</strong>{" "}
      {whatWords(words, call)} {clockTime(call.last_occurred_at, now)} (<Elapsed from={call.last_occurred_at} />)
    </button>
  );
}

interface FaultsProps {
  readonly faults: readonly AlertView[];
  readonly shown: boolean;
  readonly children: ComponentChildren;
  show(shown: boolean): void;
}

function Faults({ faults, shown, show, children }: FaultsProps) {
  const words = useDeskWords();
  return (
    <>
      <button type="button" class="fold" aria-expanded={shown} onClick={() => show(!shown)}>
        <span>{shown ? words.list.hide : words.list.show}</span> <kbd>{KEY.faults.toUpperCase()}</kbd>{" "}
        {countByCondition(faults)
          .map(([condition, n]) => `${wordFor(words.condition, condition)}: ${n}`)
          .join(" · ")}
      </button>
      {shown && children}
    </>
  );
}

function Paged({ rows, row }: { rows: readonly AlertView[]; row(alert: AlertView): ComponentChildren }) {
  const words = useDeskWords();
  const [limit, setLimit] = useState(PAGE);
  const rest = rows.length - limit;
  return (
    <>
      <ul>{rows.slice(0, limit).map(row)}</ul>
      {rest > 0 && (
        <button type="button" class="quiet" onClick={() => setLimit(limit + PAGE)}>
          {words.list.showMore(Math.min(rest, PAGE))}
        </button>
      )}
    </>
  );
}
