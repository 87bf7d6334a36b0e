/** In which order alerts stand on the desk. Pure. */
import type { AlertView } from "./contract";

export interface Board {
  readonly calls: readonly AlertView[];
  readonly concerns: readonly AlertView[];
  readonly faults: readonly AlertView[];
}

/** Longest waiting first, so that nobody is pushed down for ever by newer calls; the newest press has its own line. */
function compare(one: AlertView, other: AlertView): number {
  return (
    Number(one.attended) - Number(other.attended) ||
    Date.parse(one.raised_at) - Date.parse(other.raised_at) ||
    (one.id < other.id ? -1 : 1)
  );
}

/** Untaken before taken, then longest waiting first; calls, concerns and faults never mix. */
export function board(alerts: Iterable<AlertView>): Board {
  const sorted = [...alerts].sort(compare);
  return {
    calls: sorted.filter((alert) => alert.urgency === "call"),
    concerns: sorted.filter((alert) => alert.urgency === "concern"),
    faults: sorted.filter((alert) => alert.urgency === "fault"),
  };
}

/** The call with the newest press, which may stand anywhere in the list; null when there is none. */
export function newestCall(calls: readonly AlertView[]): AlertView | null {
  return calls.reduce<AlertView | null>(
    (newest, call) =>
      newest === null || Date.parse(call.last_occurred_at) > Date.parse(newest.last_occurred_at) ? call : newest,
    null,
  );
}

/** Faults by condition with their number, the most frequent first. */
export function countByCondition(faults: readonly AlertView[]): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const fault of faults) counts.set(fault.condition, (counts.get(fault.condition) ?? 0) + 1);
  return [...counts].sort((one, other) => other[1] - one[1]);
}
