/** The visits around now, for as long as their view is open. */
import { useLayoutEffect, useState } from "preact/hooks";
import type { Refusal } from "../refusal";
import type { Session } from "../session";
import type { VisitList } from "../visits/contract";
import { listenToVisits } from "../visits/feed";
import { stretchAround } from "../visits/overview";
import { useNow } from "./now";

export interface Visits {
  /** Null until it was heard. */
  readonly list: VisitList | null;
  /** When it was last current (wall time, ms), while it no longer is. */
  readonly lost: number | null;
}

export function useVisits(session: Session, refuse: (refusal: Refusal) => void): Visits {
  const [list, setList] = useState<VisitList | null>(null);
  const [lost, setLost] = useState<number | null>(null);
  const { from, until } = stretchAround(useNow());
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
  return { list, lost };
}
