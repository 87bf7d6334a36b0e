/** The day's visits as a file: fetched anew, so that it is current and stands in the log of what was looked at. */
import { useState } from "preact/hooks";
import { wallClock } from "../../times";
import { useDeskWords } from "../../words/desk";
import { visitsIn } from "../api";
import type { Refusal } from "../refusal";
import type { Session } from "../session";
import type { ClosedNoEntry } from "../visits/contract";
import { visitsCsv } from "../visits/csv";
import type { Stretch } from "../visits/overview";

interface Props {
  readonly session: Session;
  readonly stretch: Stretch;
  /** An instant of the day that gives the file its name. */
  readonly of: number;
  readonly closed: readonly ClosedNoEntry[];
  refuse(refusal: Refusal): void;
}

/** Letters of `2026-11-22`. */
const DATE = 10;

export function SaveVisits({ session, stretch, of, closed, refuse }: Props) {
  const words = useDeskWords();
  const [failed, setFailed] = useState(false);
  const save = async (): Promise<void> => {
    const outcome = await visitsIn(session, stretch);
    setFailed(outcome.is !== "done");
    if (outcome.is === "denied") refuse(outcome.refusal);
    if (outcome.is === "done") keep(visitsCsv(words, outcome.value, closed), words.visits.fileName(wallClock(of).slice(0, DATE)));
  };
  return (
    <>
      <button type="button" class="save" onClick={() => void save()}>
        {words.visits.export}
      </button>
      {failed && (
        <p class="problem" role="alert">
          {words.visits.exportFailed}
        </p>
      )}
    </>
  );
}

function keep(text: string, name: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  const link = Object.assign(document.createElement("a"), { href: address, download: name });
  link.click();
  URL.revokeObjectURL(address);
}
