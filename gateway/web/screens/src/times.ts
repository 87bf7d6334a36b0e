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

/** Milliseconds since midnight by the clock on the wall; an hour off on the two days a year that are not 24 hours long. */
export function sinceMidnight(now: number): number {
  const [hours = 0, minutes = 0, seconds = 0] = clockWithSeconds.format(now).split(":").map(Number);
  return ((hours * 60 + minutes) * 60 + seconds) * 1000 + (now % 1000);
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
