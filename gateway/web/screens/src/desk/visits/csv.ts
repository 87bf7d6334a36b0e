/** A day's visits as a table for a spreadsheet: a line for everybody who came, in the words of the screen. Pure. */
import { wallClock } from "../../times";
import type { DeskWords } from "../../words/desk_sv";
import type { ClosedNoEntry, Participant, Proof, VisitView } from "./contract";

/** What a spreadsheet would run as a formula is led by an apostrophe, which it shows as text. */
const FORMULA = /^[=+\-@\t\r]/;
/** Swedish spreadsheets split at semicolons; the mark at the beginning tells them that it is UTF-8. */
const MARK = "\uFEFF";

function cell(text: string): string {
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[";\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function visitsCsv(words: DeskWords, visits: readonly VisitView[], closed: readonly ClosedNoEntry[]): string {
  const lines = visits.flatMap((visit) => linesOf(words, visit, closed.filter((one) => one.visit === visit.id)));
  return MARK + [words.visits.columns, ...lines].map((line) => line.map(cell).join(";") + "\r\n").join("");
}

function linesOf(words: DeskWords, visit: VisitView, closed: readonly ClosedNoEntry[]): readonly (readonly string[])[] {
  const standing = visit.delay ? words.visits.delay[visit.delay] : words.standing[visit.standing];
  const endings = closed.map((one) => `${one.name} ${words.visits.couldNot(wallClock(one.at))}. ${one.closing_reason}`).join("; ");
  const plan = [visit.id, wallClock(visit.from), wallClock(visit.until), visit.resident || visit.label, visit.address, visit.people.join(", "), standing];
  const came: readonly (Participant | null)[] = visit.participants.length > 0 ? visit.participants : [null];
  return came.map((one) => [...plan, ...shareOf(words, one), endings]);
}

function shareOf(words: DeskWords, one: Participant | null): readonly string[] {
  if (one === null) return ["", "", "", "", ""];
  const how = (by: Proof | null, reason: string): string => (by === null ? "" : [words.visits.proof[by], reason].filter(Boolean).join(": "));
  const time = (at: string | null): string => (at === null ? "" : wallClock(at));
  return [one.name, time(one.arrived_at), how(one.arrived_by, one.arrived_reason), time(one.left_at), how(one.left_by, one.left_reason)];
}
