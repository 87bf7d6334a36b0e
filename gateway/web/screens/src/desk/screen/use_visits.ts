/** The visits of the day that is looked at, for as long as their view is open. */
import { useLayoutEffect, useState } from "preact/hooks";
import type { Refusal } from "../refusal";
import type { Session } from "../session";
import type { VisitList } from "../visits/contract";
import { listenToVisits } from "../visits/feed";
import { type DayChoice, type Stretch, stretchOf } from "../visits/overview";
import { useNow } from "./now";

export interface Visits {
  /** Null until it was heard. */
  readonly list: VisitList | null;
  /** When it was last current (wall time, ms), while it no longer is. */
  readonly lost: number | null;
  readonly stretch: Stretch;
}

export function useVisits(session: Session, day: DayChoice, refuse: (refusal: Refusal) => void): Visits {
  const [list, setList] = useState<VisitList | null>(null);
  const [lost, setLost] = useState<number | null>(null);
  const { from, until } = stretchOf(day, useNow());
  // Another day's visits are never shown under this day's name, not even until its own have come.
  useLayoutEffect(() => setList(null), [day]);
  useLayoutEffect(
    () =>
      listenToVisits(session, { from, until }, {
        visits: (heard) => {
          setList(heard);
          setLost(null);
        },
        lost: setLost,
        refused: refuse,
      }),
    [from, until],
  );
  return { list, lost, stretch: { from, until } };
}
