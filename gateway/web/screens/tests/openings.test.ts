/** Remote openings on the desk: what stands, what sounds, who may ask. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Command, Opening } from "../src/contract";
import { KEY, commandFor } from "../src/desk/keyboard";
import { answered, fresh, heard, isUnderWay, mayAsk } from "../src/desk/openings";
import { view } from "./views";

function opening(id: string, changes: Partial<Opening> = {}): Opening {
  return {
    opening: id,
    home: "home-00000001",
    home_label: "Hem 1",
    resident: "Asta Exempel",
    address: "Exempelgatan 4",
    person: "Karin",
    action: "unlock",
    purpose: "visit",
    purpose_id: "visit-1",
    standing: "waiting",
    asked_at: "2026-01-10T01:10:00Z",
    expires_at: "2026-01-10T01:15:00Z",
    second: null,
    command: null,
    ...changes,
  };
}

const NOTHING = { sv: "", en: "" };
const command = (final: boolean): Command => ({
  command: "c",
  action: "unlock",
  standing: final ? "done" : "sent",
  final,
  words: NOTHING,
  next_step: NOTHING,
});

const DISA = { person: "disa", may: null };

test("a new one is fresh once; what somebody else answered is gone, and what was answered here stays to be read", () => {
  const first = heard([], [opening("a"), opening("b"), opening("c")]);
  assert.deepEqual(fresh([], [opening("a")]).map((one) => one.opening), ["a"]);
  assert.deepEqual(fresh(first, [opening("a"), opening("d")]).map((one) => one.opening), ["d"]);
  const approved = answered(first, "a", { is: "approved", command: command(false) });
  const after = heard(approved, [opening("a"), opening("c")]);
  assert.deepEqual(after.map((row) => [row.opening.opening, row.answer?.is ?? null]), [["a", "approved"], ["c", null]]);
});

test("of many answers the newest stay", () => {
  const rows = ["a", "b", "c", "d"].reduce((so, id) => answered(heard(so, [opening(id)]), id, { is: "declined" }), heard([], []));
  assert.deepEqual(heard(rows, []).map((row) => row.opening.opening), ["b", "c", "d"]);
});

test("only whoever holds an open call for help may ask, and not again before the door has answered", () => {
  const held = { claimed_by: "Disa", claimed_by_id: "disa" };
  assert.equal(mayAsk(view("a", held), DISA), true);
  assert.equal(mayAsk(view("a", held), { person: "olle", may: null }), false);
  assert.equal(mayAsk(view("a"), DISA), false);
  assert.equal(mayAsk(view("a", { ...held, urgency: "concern" }), DISA), false);
  assert.equal(mayAsk(view("a", { ...held, standing: "resolved" }), DISA), false);
  const asked = (changes: Partial<Opening>, door: Command | null = null) => ({ is: "opening", opening: opening("a", changes), command: door }) as const;
  assert.equal(isUnderWay(asked({})), true);
  assert.equal(isUnderWay(asked({ standing: "approved" }, command(false))), true);
  assert.equal(isUnderWay(asked({ standing: "approved" }, command(true))), false);
  assert.equal(isUnderWay(asked({ standing: "over" })), false);
  assert.equal(isUnderWay(null), false);
});

test("no two commands share a key", () => {
  const keys = Object.values(KEY);
  assert.equal(new Set(keys).size, keys.length);
  const press = { key: "F", ctrlKey: false, altKey: false, metaKey: false };
  assert.equal(commandFor(press, false), "openings");
});
