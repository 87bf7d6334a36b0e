/** Fetches a home's last 24 hours for the chosen alert and shows them, or says that they are not known. */
import { useEffect, useState } from "preact/hooks";
import { useDeskWords } from "../../words/desk";
import { dayOf } from "../api";
import type { AlertView, Day } from "../contract";
import type { Refusal } from "../refusal";
import type { Session } from "../session";
import { DayPicture } from "./day_picture";
import { DayTable } from "./day_table";

/** Milliseconds an alert must stay chosen first: every look at a home is recorded, so walking past one should be none. */
const DWELL = 500;

interface Props {
  readonly session: Session;
  readonly alert: AlertView;
  refuse(refusal: Refusal): void;
}

export function DayPanel({ session, alert, refuse }: Props) {
  const words = useDeskWords().day;
  const [day, setDay] = useState<Day | "loading" | "failed">("loading");
  const [tries, setTries] = useState(0);

  useEffect(() => {
    let wanted = true;
    const fetchDay = async (): Promise<void> => {
      const outcome = await dayOf(session, alert.home);
      if (!wanted) return;
      if (outcome.is === "denied") refuse(outcome.refusal);
      else setDay(outcome.is === "done" ? outcome.value : "failed");
    };
    const timer = setTimeout(() => void fetchDay(), DWELL);
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [alert.home, alert.occurrences, alert.active, tries]);

  return (
    <section class="day" aria-labelledby="day">
      <h3 id="day">{words.heading}</h3>
      {day === "loading" && <p>{words.loading}</p>}
      {day === "failed" && (
        <p class="problem">
          {words.failed}{" "}
          <button type="button" onClick={() => setTries(tries + 1)}>
            {words.retry}
          </button>
        </p>
      )}
      {typeof day === "object" && day.lanes.length === 0 && <p>{words.empty}</p>}
      {typeof day === "object" && day.lanes.length > 0 && (
        <>
          <DayPicture day={day} />
          <DayTable day={day} />
        </>
      )}
    </section>
  );
}
