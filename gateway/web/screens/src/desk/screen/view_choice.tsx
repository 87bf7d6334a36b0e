/** The way between alarms and visits, for whoever may see both; alarms and remote openings that wait are counted wherever one is. */
import { useDeskWords } from "../../words/desk";
import { KEY } from "../keyboard";
import type { View } from "./use_view";

const VIEWS: readonly View[] = ["alarms", "visits"];

export function ViewChoice({ view, untaken, unanswered }: { view: View; untaken: number; unanswered: number }) {
  const words = useDeskWords();
  return (
    <nav aria-label={words.views.heading}>
      {VIEWS.map((one) => (
        <a key={one} href={`#${one}`} aria-current={one === view ? "page" : undefined}>
          {words.views[one]}
          {one === "alarms" && untaken > 0 && <b> {words.list.untaken(untaken)}</b>}
          {one === "alarms" && unanswered > 0 && <b class="unanswered"> {words.views.openings(unanswered)}</b>}
        </a>
      ))}
      <kbd>{KEY.visits.toUpperCase()}</kbd>
    </nav>
  );
}
