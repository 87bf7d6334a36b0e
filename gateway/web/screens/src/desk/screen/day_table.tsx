/** The day as a table: the same facts as the picture, for whoever cannot use a picture. */
import { useState } from "preact/hooks";
import { clockTime } from "../../times";
import { useDeskWords } from "../../words/desk";
import type { DeskWords } from "../../words/desk_sv";
import { wordFor } from "../../words/said";
import type { Day } from "../contract";
import { type DayRow, dayRows } from "../day_shape";
import { happened, laneName } from "./day_words";

/** Rows drawn at once, the newest first: a motion sensor can fill a day with thousands. */
const PAGE = 200;

function what(words: DeskWords, row: DayRow): string {
  if (row.is === "alert") return `${words.day.alerts}: ${wordFor(words.condition, row.code)}`;
  if (row.is === "unknown" || row.is === "awaited" || row.is === "before") return words.day[row.is];
  return row.is === "span" ? wordFor(words.state, row.code) : happened(words, { ...row, kind: row.code });
}

export function DayTable({ day }: { day: Day }) {
  const words = useDeskWords();
  const [limit, setLimit] = useState(PAGE);
  const [shown, setShown] = useState(false);
  const rows = shown ? dayRows(day).toReversed() : [];
  const now = Date.parse(day.to);
  return (
    <details onToggle={(event) => setShown(event.currentTarget.open)}>
      <summary>{words.day.table}</summary>
      <table>
        <thead>
          <tr>
            <th scope="col">{words.day.when}</th>
            <th scope="col">{words.day.what}</th>
            <th scope="col">{words.day.where}</th>
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, limit).map((row) => (
            <tr key={`${row.at}-${row.is}-${row.code}-${row.lane?.device}`}>
              <td>
                {row.until === null
                  ? clockTime(row.at, now)
                  : words.day.until(clockTime(row.at, now), row.until >= now ? words.day.now : clockTime(row.until, now))}
              </td>
              <td>{what(words, row)}</td>
              <td>{row.lane ? laneName(words, row.lane) : ""}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > limit && (
        <button type="button" class="quiet" onClick={() => setLimit(limit + PAGE)}>
          {words.list.showMore(Math.min(PAGE, rows.length - limit))}
        </button>
      )}
    </details>
  );
}
