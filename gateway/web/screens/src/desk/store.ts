/** What the desk knows: a value, and how it follows from what comes in. Pure, so that it can be tested without a screen. */
import type { Opening } from "../contract";
import type { AlertView, Pulse, Snapshot } from "./contract";
import { NONE_OPEN, type OpenAlerts, OpenChange, found, opened } from "./open_alerts";
import type { NoEntryView } from "./visits/contract";

/** `live`: the list is current. Otherwise it is as of `since` (wall time, ms) and may be old. */
export type Contact =
  | { readonly is: "seeking" }
  | { readonly is: "live" }
  | { readonly is: "lost"; readonly since: number };

/** What is worth a sound: a new call, a press more, a call that was escalated, a responder who cannot go. */
export interface Ring {
  readonly is: "new" | "repeat" | "escalated" | "declined";
  readonly alert: AlertView;
}

export interface Desk {
  readonly contact: Contact;
  /** Whether a snapshot ever came: without one an empty list means nothing. */
  readonly informed: boolean;
  readonly open: OpenAlerts;
  /** Alerts that ended while this desk watched, newest first, at most `ENDED_LIMIT`. */
  readonly ended: readonly AlertView[];
  readonly pulse: Pulse | null;
  /** Who cannot get in, for whoever may end that, the oldest first. */
  readonly noEntries: readonly NoEntryView[];
  /** Remote openings that wait for a second person, for whoever may be that, the oldest first. */
  readonly openings: readonly Opening[];
  /** Gateway's clock minus this computer's, ms: a desk with a wrong clock still counts right. */
  readonly clockLead: number;
  /** The rings of the newest message, and a number that rises with every message that rang. */
  readonly rings: readonly Ring[];
  readonly rung: number;
}

/** What an empty list may claim: `calls` only while contact, database and the road from the homes are all known to work. */
export interface Known {
  readonly calls: boolean;
  readonly watch: boolean;
}

export function knownBy(desk: Desk): Known {
  const calls = desk.contact.is === "live" && desk.pulse !== null && desk.pulse.database && desk.pulse.broker;
  return { calls, watch: calls && desk.pulse !== null && desk.pulse.bulk_alive };
}

export type Message =
  | { readonly is: "snapshot"; readonly snapshot: Snapshot }
  | { readonly is: "alerts"; readonly alerts: readonly AlertView[] }
  | { readonly is: "pulse"; readonly pulse: Pulse; readonly now: number }
  | { readonly is: "no_entries"; readonly list: readonly NoEntryView[] }
  | { readonly is: "openings"; readonly list: readonly Opening[] }
  | { readonly is: "lost"; readonly since: number };

/** Enough to see what a colleague just ended; the record keeps the rest. */
const ENDED_LIMIT = 20;

export const EMPTY: Desk = {
  contact: { is: "seeking" },
  informed: false,
  open: NONE_OPEN,
  ended: [],
  pulse: null,
  noEntries: [],
  openings: [],
  clockLead: 0,
  rings: [],
  rung: 0,
};

function ringOf(before: AlertView | undefined, alert: AlertView): Ring | null {
  if (alert.urgency !== "call" || alert.standing === "resolved") return null;
  if (!before) return { is: "new", alert };
  if (alert.occurrences > before.occurrences) return { is: "repeat", alert };
  if (alert.rung > before.rung && !alert.attended) return { is: "escalated", alert };
  const declined = alert.response?.standing === "declined" && before.response?.standing !== "declined";
  return declined ? { is: "declined", alert } : null;
}

function ringing(desk: Desk, rings: readonly Ring[]): Desk {
  return rings.length === 0 ? desk : { ...desk, rings, rung: desk.rung + 1 };
}

/** The snapshot replaces the list; presses that came meanwhile ring now. */
function replaced(desk: Desk, snapshot: Snapshot): Desk {
  const rings = snapshot.alerts.flatMap((alert) => ringOf(found(desk.open, alert.id), alert) ?? []);
  return ringing({ ...desk, contact: { is: "live" }, informed: true, open: opened(snapshot.alerts) }, rings);
}

/** Calls that nobody attends to: the desk sounds again and again while there are any. */
export function waitingCalls(desk: Desk): readonly AlertView[] {
  return [...desk.open.call.values()].filter((alert) => !alert.attended);
}

/** Alerts as they stand now, in order. A view older than the one known (a row resent on resume) changes nothing; one of
 * the same version may tell of a new instruction. */
function updated(desk: Desk, alerts: readonly AlertView[]): Desk {
  const open = new OpenChange(desk.open);
  const rings: Ring[] = [];
  let ended = desk.ended;
  for (const alert of alerts) {
    const before = open.find(alert.id);
    const known = before ?? ended.find((other) => other.id === alert.id);
    if (known && alert.version < known.version) continue;
    if (alert.standing === "resolved") {
      open.delete(alert);
      ended = [alert, ...ended.filter((other) => other.id !== alert.id)].slice(0, ENDED_LIMIT);
    } else {
      const ring = ringOf(before, alert);
      if (ring) rings.push(ring);
      open.set(alert);
    }
  }
  return ringing({ ...desk, open: open.done, ended }, rings);
}

/** Those that this desk has not shown before: worth a soft sound. */
export function freshlyStuck(before: Desk, desk: Desk): readonly NoEntryView[] {
  const known = new Set(before.noEntries.map((one) => one.id));
  return desk.noEntries.filter((one) => !known.has(one.id));
}

export function after(desk: Desk, message: Message): Desk {
  switch (message.is) {
    case "snapshot":
      return replaced(desk, message.snapshot);
    case "alerts":
      return updated(desk, message.alerts);
    case "pulse":
      return { ...desk, pulse: message.pulse, clockLead: Date.parse(message.pulse.at) - message.now };
    case "no_entries":
      return { ...desk, noEntries: message.list };
    case "openings":
      return { ...desk, openings: message.list };
    case "lost":
      return { ...desk, contact: { is: "lost", since: message.since } };
  }
}
