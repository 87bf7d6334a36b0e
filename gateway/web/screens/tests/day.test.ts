/** A home's day: what is drawn where, and the two days a year that are not 24 hours long. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Coverage, Day, Lane } from "../src/desk/contract";
import { blanks, firstRange, newestOf, ticks, unknownStretches } from "../src/desk/day_shape";
import { happened, newestWords } from "../src/desk/screen/day_words";
import type { VisitView } from "../src/desk/visits/contract";
import { visitsCsv } from "../src/desk/visits/csv";
import { stretchOf } from "../src/desk/visits/overview";
import { clockChange, clockTime, midnight } from "../src/times";
import { deskWordsOf } from "../src/words/desk";
import { view } from "./views";

const WORDS = deskWordsOf({});
const HOUR = 3_600_000;
/** The clock goes forward from 02 to 03, and back from 03 to 02, both at 01 by UTC. */
const SPRING = Date.parse("2026-03-29T12:00:00Z");
const AUTUMN = Date.parse("2026-10-25T12:00:00Z");

const at = (second: number): string => new Date(second * 1000).toISOString();
const lane = (covered: readonly Coverage[], more: Partial<Lane> = {}): Lane => ({ device: "d", placement: "hall", capability: "motion", marks: [], spans: [], covered, ...more });
const day = (more: Partial<Day> = {}): Day => ({ home: "h", label: "", from: at(0), to: at(86_400), began: null, lanes: [], alerts: [], ...more });

test("what is not stated as covered is unknown, also what is not mentioned", () => {
  const [from, to] = [0, 100_000];
  const at = (second: number): string => new Date(second * 1000).toISOString();
  const covered = [
    { from: at(10), to: at(40), covered: true },
    { from: at(40), to: at(60), covered: null },
    { from: at(60), to: at(80), covered: true },
  ];
  const lane = { device: "d", placement: "hall", capability: "motion", marks: [], spans: [], covered };
  assert.deepEqual(unknownStretches(lane, from, to), [
    { from: 0, to: 10_000 },
    { from: 40_000, to: 60_000 },
    { from: 80_000, to: 100_000 },
  ]);
  assert.deepEqual(unknownStretches({ ...lane, covered: [] }, from, to), [{ from, to }]);
});

test("the time before a home was connected is not lost contact, and what is awaited is not either", () => {
  const heard = lane([
    { from: at(0), to: at(80_000), covered: null },
    { from: at(80_000), to: at(85_800), covered: true },
    { from: at(85_800), to: at(86_400), covered: null, awaited: true },
  ]);
  const began = day({ began: at(79_000) });
  const [from, to] = [0, 86_400_000];
  assert.deepEqual(blanks(began, heard, from, to), [
    { is: "before", from: 0, to: 79_000_000 },
    { is: "unknown", from: 79_000_000, to: 80_000_000 },
    { is: "awaited", from: 85_800_000, to: 86_400_000 },
  ]);
  assert.equal(blanks(day(), heard, from, to)[0]?.is, "unknown", "where nobody knows when it began nothing is excused");
  const silent = { ...began, alerts: [view("a", { condition: "edge_silent", occurred_at: at(86_000) })] };
  assert.deepEqual(blanks(silent, heard, from, to).slice(2), [
    { is: "awaited", from: 85_800_000, to: 86_000_000 },
    { is: "unknown", from: 86_000_000, to: 86_400_000 },
  ]);
  const long = lane([{ from: at(0), to: at(86_400), covered: null, awaited: true }]);
  assert.deepEqual(blanks(day(), long, from, to), [{ is: "unknown", from, to }], "an edge confirms every 15 minutes");
});

test("a picture begins with the hours in which there is something to see", () => {
  assert.equal(firstRange(day()), 24);
  assert.equal(firstRange(day({ began: at(86_400 - 600) })), 1);
  assert.equal(firstRange(day({ began: at(86_400 - 5 * 3_600) })), 6);
  assert.equal(firstRange(day({ began: at(-86_400) })), 24);
});

test("hours stand where the clock on the wall shows them, also when it was changed", () => {
  const shown = (now: number): string[] => ticks(now - 24 * HOUR, now, 180).map((one) => clockTime(one, one));
  assert.deepEqual(shown(Date.parse("2026-11-22T17:24:00Z")), ["21:00", "00:00", "03:00", "06:00", "09:00", "12:00", "15:00", "18:00"]);
  assert.deepEqual(shown(SPRING), ["15:00", "18:00", "21:00", "00:00", "03:00", "06:00", "09:00", "12:00"]);
  assert.deepEqual(shown(AUTUMN), ["15:00", "18:00", "21:00", "00:00", "03:00", "06:00", "09:00", "12:00"]);
  const hourly = ticks(Date.parse("2026-10-24T23:00:00Z"), Date.parse("2026-10-25T02:00:00Z"), 60);
  assert.deepEqual(hourly.map((one) => clockTime(one, one)), ["01:00", "02:00", "02:00", "03:00"], "02 comes twice");
  assert.deepEqual(clockChange(SPRING - 24 * HOUR, SPRING), { at: Date.parse("2026-03-29T01:00:00Z"), forward: true });
  assert.equal(clockChange(AUTUMN - 24 * HOUR, AUTUMN)?.forward, false);
  assert.equal(clockChange(SPRING, SPRING + 24 * HOUR), null);
});

test("a day goes from midnight to midnight: 23 hours in spring, 25 in autumn", () => {
  const length = (now: number): number => (midnight(now, 1) - midnight(now)) / HOUR;
  for (let hour = 0; hour < 23; hour += 1) {
    const [spring, autumn] = [midnight(SPRING) + hour * HOUR, midnight(AUTUMN) + hour * HOUR];
    assert.deepEqual([length(spring), length(autumn)], [23, 25]);
    assert.equal(clockTime(midnight(autumn), autumn), "00:00");
    const { from, until } = stretchOf("today", spring);
    assert.ok(Date.parse(from) <= midnight(spring) && Date.parse(until) >= midnight(spring, 1), "the whole day");
  }
  assert.deepEqual(stretchOf("tomorrow", AUTUMN - 24 * HOUR), { from: "2026-10-24T22:00:00.000Z", until: "2026-10-25T23:00:00.000Z" });
  assert.deepEqual(stretchOf("yesterday", SPRING + 24 * HOUR), { from: "2026-03-28T23:00:00.000Z", until: "2026-03-29T22:00:00.000Z" });
});

test("a lane says what it told last, with its unit and in the manner of the language", () => {
  const marks = [{ at: at(3_600), kind: "observed", value: 1021.5, unit: "hPa" }];
  const measured = lane([], { marks });
  const newest = newestOf(day(), measured);
  assert.ok(newest && marks[0]);
  assert.equal(newestWords(WORDS.sv, newest, 7_200_000), "02:00 1\u00a0021,5\u00a0hPa");
  assert.equal(happened(WORDS.en, marks[0]), "measurement: 1,021.5\u00a0hPa");
  const open = newestOf(day(), lane([], { spans: [{ from: at(0), to: at(86_400), state: "open" }] }));
  assert.equal(open && newestWords(WORDS.sv, open, 0), "öppen sedan tidigare");
});

test("a table of visits holds no formula, keeps its columns, and names who could not get in", () => {
  const visit: VisitView = {
    id: "visit-1", unit: "u", home: "h", label: "", resident: "=HYPERLINK(\"x\")", address: "Gatan 1; 2 tr", from: at(0), until: at(1_800),
    planned: true, people: ["Karin", "Omar"], tasks: [], standing: "no_entry", delay: null, participants: [],
  };
  const stuck = { id: "n", visit: "visit-1", home: "h", label: "", address: "", resident: "", name: "Karin", at: at(60), reason: "", closed_by: null, closed_at: at(120), closing_reason: "Ej hemma" };
  const [header, line, end] = visitsCsv(WORDS.sv, [visit], [stuck]).split("\r\n");
  assert.equal(header?.charCodeAt(0), 0xfeff);
  assert.equal(header?.split(";").length, WORDS.en.visits.columns.length);
  assert.equal(line, `visit-1;1970-01-01 01:00;1970-01-01 01:30;"'=HYPERLINK(""x"")";"Gatan 1; 2 tr";Karin, Omar;Kommer inte in;;;;;;Karin kom inte in 1970-01-01 01:01. Ej hemma`);
  assert.equal(end, "");
});
