/** Order, times and plain words. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { waitBefore } from "../src/feed/waiting";
import { commandFor, usable } from "../src/desk/keyboard";
import { climbed } from "../src/desk/ladder";
import { opened } from "../src/desk/open_alerts";
import { board, newestCall } from "../src/desk/order";
import { isWarning, problemWords } from "../src/desk/problem";
import { possible } from "../src/desk/steps";
import { clockTime, elapsed, late } from "../src/times";
import { whyWords } from "../src/desk/why";
import { deskWordsOf } from "../src/words/desk";
import { view } from "./views";

const WORDS = deskWordsOf({});
const NOW = Date.parse("2026-01-10T02:00:00Z");

const ELIN = { person: "Elin", may: null };

test("the ladder's last step bears its own number, however often it comes again", () => {
  assert.deepEqual([1, 2, 3, 4, 39].map((rung) => WORDS.sv.alert.escalated(climbed(rung))), [
    "Larmat vidare",
    "Larmat vidare, steg 2",
    "Larmat vidare, steg 3",
    "Larmat vidare, steg 3, upprepat en gång",
    "Larmat vidare, steg 3, upprepat 36 gånger",
  ]);
  assert.equal(WORDS.en.alert.escalated(climbed(39)), "Escalated, step 3, repeated 36 times");
  assert.equal(WORDS.sv.steps.rung("02:40", climbed(0)), "02:40");
  assert.equal(WORDS.en.steps.rung("02:40", climbed(4)), "02:40, step 3 of the ladder, repeated once");
});

test("untaken calls stand first, the longest waiting above; faults never among calls", () => {
  const alerts = [
    view("fault", { urgency: "fault", raised_at: "2026-01-01T00:00:00Z" }),
    view("young", { raised_at: "2026-01-10T01:30:00Z", last_occurred_at: "2026-01-10T01:30:00Z" }),
    view("old", { raised_at: "2026-01-10T01:00:00Z" }),
    view("taken", { raised_at: "2026-01-10T00:00:00Z", claimed_by: "Karin" }),
  ];
  const { calls, faults } = board(opened(alerts));
  assert.deepEqual(calls.map((call) => call.id), ["old", "young", "taken"]);
  assert.deepEqual(faults.map((fault) => fault.id), ["fault"]);
  assert.equal(newestCall(calls)?.id, "young");
});

test("times are the homes' local times, and another day is named", () => {
  assert.equal(clockTime("2026-01-10T01:10:00Z", NOW), "02:10");
  assert.equal(clockTime("2026-01-09T22:10:00Z", NOW), "9/1 23:10");
  assert.deepEqual(
    [12, 185, 7_800, 273_600].map((seconds) => elapsed(NOW - seconds * 1000, NOW)),
    ["12 s", "3 min 05 s", "2 h 10 min", "3 d 4 h"],
  );
  assert.equal(elapsed(NOW + 5_000, NOW), "0 s");
  assert.equal(late("2026-01-10T01:10:00Z", "2026-01-10T01:11:00Z"), false);
  assert.equal(late("2026-01-10T01:10:00Z", "2026-01-10T01:50:00Z"), true);
});

test("a copied unit and a press that is not verified are told in plain words", () => {
  const told = [
    [{ why: "edge_copied" }, /Två hemenheter svarar/],
    [{ doubt: "counter_fell" }, /Ej verifierat/],
    [{ why: "replay" }, /räknare har fallit/],
    [{ why: "wrong_key" }, /annan nyckel/],
    [{ why: "downgrade" }, /okrypterat/],
  ] as const;
  for (const [explanation, words] of told) {
    const alert = view("a", { explanation });
    assert.match(whyWords(WORDS.sv, alert, NOW) ?? "", words);
    assert.ok(whyWords(WORDS.en, alert, NOW));
  }
  assert.equal(whyWords(WORDS.sv, view("a", { explanation: { why: "body" } }), NOW), null);
});

test("a conflict says who has it, that a newer press came, or that it is over", () => {
  const say = (changes: Parameters<typeof view>[1]): string =>
    problemWords(WORDS.sv, { kind: "conflict", alert: view("a", changes) }, view("a"), "Elin");
  assert.match(say({ claimed_by: "Karin" }), /Karin har redan larmet/);
  assert.match(say({ occurrences: 2, claimed_by: "Karin" }), /ny tryckning: nu 2/);
  assert.match(say({ standing: "resolved", resolved_by: "Karin", reason: "feltryck" }), /avslutat av Karin: feltryck/);
  assert.match(problemWords(WORDS.en, { kind: "refused", message: { sv: "nej", en: "no" } }, view("a"), "Elin"), /no$/);
});

test("a warning that may be gone past is said in the gateway's words, and is not any other conflict", () => {
  const message = { sv: "Omar är kvar i hemmet.", en: "Omar is still inside." };
  const warning = { kind: "conflict", hint: "a responder is inside; confirm", message, alert: view("a", { claimed_by: "Elin" }) };
  assert.ok(isWarning(warning));
  assert.equal(problemWords(WORDS.sv, warning, view("a"), "Elin"), message.sv);
  assert.ok(!isWarning({ ...warning, hint: "the alert changed since it was read" }));
  for (const hint of ["that person is inside already", "too many are inside to be told apart"]) {
    assert.ok(!isWarning({ ...warning, hint }), "nobody goes past it");
    assert.equal(problemWords(WORDS.sv, { ...warning, hint }, view("a"), "Elin"), message.sv);
  }
  assert.match(problemWords(WORDS.sv, warning, view("a"), "Karin"), /Elin har redan larmet/);
});

test("the first button is the next sensible step, and somebody else's alarm has none", () => {
  const mine = (changes: Parameters<typeof view>[1]) => possible(view("a", { claimed_by: "Elin", ...changes }), ELIN)[0];
  const response = { person: "p", name: "Omar", sent_at: "", accepted_at: null, on_site_at: null, left_at: null };
  const called = { at: "", by: "Elin", result: "no_answer" } as const;
  assert.equal(possible(view("a"), ELIN)[0], "take");
  assert.equal(mine({}), "call_back");
  assert.equal(mine({ called_back: called }), "send");
  assert.equal(mine({ called_back: { ...called, result: "reached" } }), "resolve");
  assert.equal(mine({ response: { ...response, standing: "accepted" } }), "on_site");
  assert.equal(mine({ response: { ...response, standing: "on_site" } }), "outcome");
  assert.equal(mine({ response: { ...response, standing: "declined" }, called_back: called }), "send");
  assert.equal(mine({ outcome: "Hjälpte upp." }), "resolve");
  const there = view("a", { claimed_by: "Elin", response: { ...response, standing: "on_site" } });
  assert.ok(possible(there, ELIN).includes("send"), "somebody inside may need a second pair of hands");
  assert.deepEqual(possible(view("a", { claimed_by: "Karin" }), ELIN), []);
});

test("keys are left alone while somebody writes or holds a modifier", () => {
  const press = { key: "t", ctrlKey: false, altKey: false, metaKey: false };
  assert.equal(commandFor(press, false), "take");
  assert.equal(commandFor({ ...press, key: "T" }, false), "take");
  assert.equal(commandFor(press, true), null);
  assert.equal(commandFor({ ...press, key: "Escape" }, true), "back");
  assert.equal(commandFor({ ...press, ctrlKey: true }, false), null);
});

test("waits double, stay bounded and never vanish", () => {
  assert.deepEqual([1, 2, 3].map((failures) => waitBefore(failures, 1)), [400, 800, 1_600]);
  assert.equal(waitBefore(1_000, 1), 5_000);
  assert.equal(waitBefore(1, 0), 200);
});

test("both languages give the same number of quick reasons and no button says kvittera", () => {
  assert.equal(WORDS.sv.actions.reasons.length, WORDS.en.actions.reasons.length);
  assert.doesNotMatch(JSON.stringify(Object.values(WORDS.sv.actions)), /kvitter/i);
  assert.doesNotMatch(JSON.stringify([WORDS.sv, WORDS.en]), /lugnt|\bOK\b/);
});

test("only the keys that do something now are listed", () => {
  const nothing = { view: "alarms", listed: 0, steps: [], open: false, openings: 0, faults: 0, visits: false } as const;
  assert.deepEqual(usable(nothing), ["sound"]);
  assert.deepEqual(usable({ ...nothing, listed: 1, steps: ["take", "resolve"], open: true }), ["next", "open", "take", "resolve", "sound", "back"]);
  assert.deepEqual(usable({ ...nothing, openings: 1, faults: 2 }), ["openings", "faults", "sound"]);
  assert.deepEqual(usable({ ...nothing, view: "visits", listed: 3, steps: ["take"], openings: 1, faults: 2, visits: true }), ["visits", "sound"]);
});

test("thousands are set apart as the language does it", () => {
  assert.equal(WORDS.sv.list.count(12345), "12\u00a0345 öppna");
  assert.equal(WORDS.en.list.count(12345), "12,345 open");
});

test("the words at a door left unlocked are those of closing, in both languages", () => {
  for (const words of [WORDS.sv, WORDS.en]) {
    assert.match(words.actions.resolveUnlocked, /avsluta|close/);
    assert.match(words.actions.goOnWith["resolve"] ?? "", /avsluta|close/);
  }
});
