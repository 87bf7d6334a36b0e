/** In which order alerts stand on the desk. Pure. */
import type { AlertView } from "./contract";
import type { OpenAlerts } from "./open_alerts";

export interface Board {
  readonly calls: readonly AlertView[];
  readonly concerns: readonly AlertView[];
  readonly faults: readonly AlertView[];
}

type Alerts = ReadonlyMap<string, AlertView>;

/** What stands in order already: ten thousand faults are not sorted anew because somebody pressed a button. */
const inOrder = new WeakMap<Alerts, readonly AlertView[]>();

/** Longest waiting first, so that nobody is pushed down for ever by newer calls; the newest press has its own line. */
function sorted(alerts: Alerts): readonly AlertView[] {
  return [...alerts.values()]
    .map((alert) => ({ alert, raised: Date.parse(alert.raised_at) }))
    .sort(
      (one, other) =>
        Number(one.alert.attended) - Number(other.alert.attended) ||
        one.raised - other.raised ||
        (one.alert.id < other.alert.id ? -1 : 1),
    )
    .map(({ alert }) => alert);
}

function ordered(alerts: Alerts): readonly AlertView[] {
  const known = inOrder.get(alerts);
  if (known) return known;
  const order = sorted(alerts);
  inOrder.set(alerts, order);
  return order;
}

/** Untaken before taken, then longest waiting first; calls, concerns and faults never mix. */
export function board(open: OpenAlerts): Board {
  return { calls: ordered(open.call), concerns: ordered(open.concern), faults: ordered(open.fault) };
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
