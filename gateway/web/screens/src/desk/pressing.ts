/** How pressing it is that somebody takes a call, and how often that is said aloud. Pure. */
import type { AlertView } from "./contract";
import { type Desk, waitingCalls } from "./store";

/** Nothing waits; a call waits; one was escalated; one waits so long that nobody may be able to overhear it. */
export type Pressing = "nothing" | "waiting" | "escalated" | "overdue";

/** Milliseconds since a call was received. The home has been told that it was heard: somebody lies there and waits. */
export const OVERDUE = 60_000;

/** Milliseconds from one sounding to the next. */
export const SOUND_AGAIN: Record<Exclude<Pressing, "nothing">, number> = { waiting: 5_000, escalated: 4_000, overdue: 2_000 };

/** Calls that nobody has taken for too long by the gateway's clock, the longest waiting first. */
export function overdueCalls(desk: Desk, now: number): readonly AlertView[] {
  return waitingCalls(desk)
    .filter((alert) => now - Date.parse(alert.raised_at) >= OVERDUE)
    .sort((one, other) => Date.parse(one.raised_at) - Date.parse(other.raised_at));
}

export function pressing(desk: Desk, now: number): Pressing {
  if (overdueCalls(desk, now).length > 0) return "overdue";
  const waiting = waitingCalls(desk);
  if (waiting.some((alert) => alert.rung > 0)) return "escalated";
  return waiting.length > 0 ? "waiting" : "nothing";
}
