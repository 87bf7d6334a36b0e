/** Why an action did not happen, in words an operator can act on. Pure. */
import type { Problem, Said } from "../contract";
import type { DeskWords } from "../words/desk_sv";
import { saidIn } from "../words/said";
import type { ActionProblem, AlertView } from "./contract";

/** `seen` is the alert as the operator read it, `me` the operator. What stands now is said before what went wrong. */
export function problemWords(words: DeskWords, problem: ActionProblem, seen: AlertView, me: string): string {
  const now = problem.alert;
  if (problem.kind === "conflict" && now) {
    if (now.standing === "resolved") return words.problem.endedBy(now.resolved_by ?? "?", now.reason ?? "?");
    if (now.occurrences > seen.occurrences) return words.problem.newPress(now.occurrences);
    if (now.claimed_by !== null && now.claimed_by_id !== me) return words.problem.takenBy(now.claimed_by);
    if (isWarning(problem) || isAboutThoseInside(problem)) return saidIn(words, problem.message);
    return words.problem.changed;
  }
  return problem.message ? `${words.problem.refused} ${saidIn(words, problem.message)}` : words.problem.refused;
}

/** Nobody can be sent to where they are, nor more than can be told apart. */
const INSIDE = ["that person is inside", "too many are inside"];

function isAboutThoseInside(problem: Problem): problem is Problem & { message: Said } {
  return problem.message !== undefined && INSIDE.some((one) => problem.hint?.startsWith(one));
}

const DOOR = "the door is";
const WARNINGS = ["a responder is", DOOR];

/** A conflict that the operator may go past, having read it: somebody is inside or on the way, or the door is unlocked. */
export function isWarning(problem: Problem): problem is Problem & { message: Said } {
  return problem.kind === "conflict" && problem.message !== undefined && WARNINGS.some((one) => problem.hint?.startsWith(one));
}

/** A warning that a door which has been locked since makes untrue. */
export function isAboutDoor(problem: Problem): boolean {
  return isWarning(problem) && problem.hint?.startsWith(DOOR) === true;
}
