/** Times as people say them. Pure: now is an argument. */

/** Where the homes are. A desk that travels still shows the homes' time. */
const TIME_ZONE = "Europe/Stockholm";
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const clock = new Intl.DateTimeFormat("sv-SE", { timeZone: TIME_ZONE, hour: "2-digit", minute: "2-digit" });
const clockWithSeconds = new Intl.DateTimeFormat("sv-SE", { timeZone: TIME_ZONE, timeStyle: "medium" });
const date = new Intl.DateTimeFormat("sv-SE", { timeZone: TIME_ZONE, dateStyle: "short" });
const dayAndMonth = new Intl.DateTimeFormat("sv-SE", { timeZone: TIME_ZONE, day: "numeric", month: "numeric" });

/** `02:10`, with the day before it (`21/11 02:10`) when that is not the day of `now`. */
export function clockTime(at: string | number, now: number): string {
  const instant = new Date(at);
  const time = clock.format(instant);
  return date.format(instant) === date.format(now) ? time : `${dayAndMonth.format(instant)} ${time}`;
}

export function clockTimeWithSeconds(at: string | number): string {
  return clockWithSeconds.format(new Date(at));
}

/** `2026-11-22 02:10`, for a table that is read elsewhere and later. */
export function wallClock(at: string | number): string {
  return `${date.format(new Date(at))} ${clock.format(new Date(at))}`;
}

/** Milliseconds that the clock on the homes' walls is ahead of UTC. */
function lead(at: number): number {
  return Date.parse(`${date.format(at)}T${clockWithSeconds.format(at)}Z`) - Math.floor(at / 1000) * 1000;
}

/** Minutes since midnight as the clock on the wall shows them. */
export function wallMinutes(at: number): number {
  const [hours = 0, minutes = 0] = clock.format(at).split(":").map(Number);
  return hours * 60 + minutes;
}

/** The midnight at which the homes' day of `now` began, `days` later or earlier; a day may have 23 or 25 hours. */
export function midnight(now: number, days = 0): number {
  const wall = Date.parse(date.format(now)) + days * 24 * HOUR;
  // The clock changes in the early hours: what it shows shortly before midnight in UTC it also shows at midnight.
  return wall - lead(wall - 2 * HOUR);
}

export interface ClockChange {
  readonly at: number;
  readonly forward: boolean;
}

/** When the homes' clocks were put forward or back between `from` and `to` (ms, at most a few days); null if they were not. */
export function clockChange(from: number, to: number): ClockChange | null {
  for (let at = Math.ceil(from / HOUR) * HOUR; at <= to; at += HOUR) {
    const [before, after] = [lead(at - 1), lead(at)];
    if (before !== after) return { at, forward: after > before };
  }
  return null;
}

/** `22/11` */
export function dateOf(at: number): string {
  return dayAndMonth.format(at);
}

/** How long ago, counted as `12 s`, `3 min 05 s`, `2 h 10 min`, `3 d 4 h`: the same short forms in both languages. */
export function elapsed(from: string | number, now: number): string {
  const passed = Math.max(0, now - new Date(from).getTime());
  const seconds = Math.floor(passed / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (passed < HOUR) return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
  const minutes = Math.floor(passed / MINUTE);
  if (passed < 24 * HOUR) return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
  const hours = Math.floor(passed / HOUR);
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Whether what the home says and when it was recorded differ so much that both must be shown. */
export function late(occurred: string, raised: string): boolean {
  return Math.abs(Date.parse(raised) - Date.parse(occurred)) > MINUTE;
}
