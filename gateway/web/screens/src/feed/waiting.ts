/** How long a feed waits before it tries again. All in milliseconds. */

const FIRST_WAIT = 400;
/** A screen must come back soon after the gateway does, and a room of desks must not stampede. */
const LONGEST_WAIT = 5_000;

/** The wait before try number `failures` (from 1): doubling, with half of it left to `chance` (0 to 1). */
export function waitBefore(failures: number, chance: number): number {
  const whole = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** Math.min(failures - 1, 10));
  return whole / 2 + (whole / 2) * chance;
}
