/** Rights as the gateway says them: which buttons a desk draws, alert by alert. */
import assert from "node:assert/strict";
import test from "node:test";
import { mayBegin, onlyFollows, possible } from "../src/desk/steps";
import { mayAsk } from "../src/desk/openings";
import { type May, mayAnywhere, mayIn } from "../src/signing_in/may";
import { view } from "./views";

const OPERATES: May = { unit: "unit-0001", all: ["alert.read", "alert.take", "alert.resolve", "door.remote"], own: [] };
const FOLLOWS: May = { unit: "unit-0002", all: ["alert.read"], own: ["visit.work"] };

test("a step is drawn only where the gateway says that the person may do it in the alert's unit", () => {
  const both = { person: "disa", may: [OPERATES, FOLLOWS] };
  assert.deepEqual(possible(view("a"), both), ["take", "resolve"]);
  assert.deepEqual(possible(view("a", { unit: "unit-0002" }), both), []);
  assert.equal(mayBegin(view("a"), both, "resolve"), true);
  assert.equal(mayBegin(view("a"), both, "call_back"), false);
  assert.equal(onlyFollows(both, view("a")), false);
  assert.equal(onlyFollows(both, view("a", { unit: "unit-0002" })), true);
  const held = view("a", { claimed_by: "Disa", claimed_by_id: "disa" });
  assert.equal(mayAsk(held, both), true);
  assert.equal(mayAsk(held, { person: "disa", may: [FOLLOWS] }), false);
});

test("an alert of a unit that an own unit stands in for is judged by the own units, as the gateway does", () => {
  assert.deepEqual(possible(view("a", { unit: "unit-0003" }), { person: "disa", may: [OPERATES] }), ["take", "resolve"]);
  assert.deepEqual(possible(view("a", { unit: "unit-0003" }), { person: "disa", may: [FOLLOWS] }), []);
});

test("own work is asked for by itself; in every unit means in every unit; before it is said nothing is hidden", () => {
  assert.equal(mayIn([FOLLOWS], "unit-0002", "visit.work"), false);
  assert.equal(mayIn([FOLLOWS], "unit-0002", "visit.work", "own"), true);
  assert.equal(mayIn([FOLLOWS], "unit-0003", "visit.work", "own"), false);
  assert.equal(mayIn([{ ...OPERATES, unit: null }], "unit-0009", "alert.take"), true);
  assert.equal(mayAnywhere([FOLLOWS], "alert.take"), false);
  assert.equal(mayIn(null, "unit-0001", "alert.take"), true);
});
