/** The ladder as the desk shows it. Pure. */

/** The last step of its own; the gateway counts every repetition of it as one step more. */
const LAST_STEP = 3;

export interface Climbed {
  readonly step: number;
  /** How many times the last step has come again. */
  readonly repeated: number;
}

/** How far an alarm has been escalated, from the gateway's count. */
export function climbed(rung: number): Climbed {
  return { step: Math.min(rung, LAST_STEP), repeated: Math.max(0, rung - LAST_STEP) };
}
