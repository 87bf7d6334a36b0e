/** How long the desk waits: for a sign of life, and before it tries again. All in milliseconds. */

/** The gateway sends a pulse every 2 s. Two missed and a margin: the desk must say within 5 s that its feed is gone. */
export const SILENCE_LIMIT = 4_400;
/** How often silence is looked for; with `SILENCE_LIMIT` it stays below 5 s. */
export const LOOK_EVERY = 250;
const FIRST_WAIT = 400;
/** A desk must come back soon after the gateway does, and a room of desks must not stampede. */
const LONGEST_WAIT = 5_000;

/** The wait before try number `failures` (from 1): doubling, with half of it left to `chance` (0 to 1). */
export function waitBefore(failures: number, chance: number): number {
  const whole = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** Math.min(failures - 1, 10));
  return whole / 2 + (whole / 2) * chance;
}
