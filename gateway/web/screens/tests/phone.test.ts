/** What the phone shows follows from what it heard, what its person said, and where the person stands. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { work } from "../src/phone/door";
import { type Statement, withUnsent } from "../src/phone/statement";
import { type DoorAsked, EMPTY, type Message, PROOF_LIFE, type Phone, after, callWaiting, dayOf, isAtDoor, isUnlocked } from "../src/phone/store";
import { phoneWordsOf } from "../src/words/phone";
import { call, day, statement, visit } from "./days";

const NOW = 1_000_000;
const SAID = { sv: "Du är vid rätt hem.", en: "You are at the right home." };

function phoneAfter(...messages: Message[]): Phone {
  return messages.reduce(after, EMPTY);
}

function today(...rest: Parameters<typeof day>): Message {
  return { is: "today", today: day(...rest), now: NOW, live: true };
}

test("what waits in the phone is shown as done, what was refused is not", () => {
  const plan = day([visit("v1"), visit("v2")], [call("a1"), call("a2")]);
  const waiting: Statement[] = [statement("1", "start", "v1"), statement("2", "accept", "a1"), statement("3", "decline", "a2")];
  const shown = withUnsent(plan, waiting);
  assert.deepEqual(shown.visits.map((one) => one.standing), ["started", "planned"]);
  assert.equal(shown.visits[0]?.started_at, "2026-11-22T20:01:00Z");
  assert.deepEqual(shown.alerts.map((one) => [one.id, one.response]), [["a1", "accepted"]]);
  const refused = waiting.map((one) => ({ ...one, refused: SAID }));
  assert.deepEqual(withUnsent(plan, refused), plan);
});

test("another person's statements change nothing of mine", () => {
  const plan = day([visit("v1")]);
  assert.deepEqual(withUnsent(plan, [statement("1", "start", "v1", { person: "omar" })]), plan);
});

test("an alarm that waits for an answer takes the screen until it is answered", () => {
  const phone = phoneAfter(today([], [call("a1"), call("a2", { response: "accepted" })]));
  assert.equal(callWaiting(dayOf(phone))?.id, "a1");
  const answered = after(phone, { is: "statements", statements: [statement("1", "accept", "a1")] });
  assert.equal(callWaiting(dayOf(answered)), null);
});

test("a tag leads to its visit and proves for less than two minutes, at that home alone", () => {
  const answer = { home: "home-v1", label: "", address: "", place: "door" as const, visit: visit("v1"), alert: null, words: SAID };
  const phone = phoneAfter(today([visit("v1"), visit("v2")]), { is: "tag", answer, now: NOW });
  assert.deepEqual(phone.place, { at: "visit", id: "v1" });
  assert.equal(isAtDoor(phone, "home-v1", NOW + PROOF_LIFE - 1), true);
  assert.equal(isAtDoor(phone, "home-v1", NOW + PROOF_LIFE), false);
  assert.equal(isAtDoor(phone, "home-v2", NOW), false);
  assert.ok(PROOF_LIFE < 120_000);
});

test("a door is to be locked when its lock or this phone's own door says so, and the newer word counts", () => {
  const said = phoneAfter({ is: "today", today: { ...day([visit("v1")]), unlocked: ["home-v1"] }, now: NOW, live: true });
  assert.deepEqual([isUnlocked(said, "home-v1"), isUnlocked(said, "home-v2"), isUnlocked(EMPTY, "home-v1")], [true, false, false]);
  const door = (action: "lock" | "unlock", stage: "done" | "failed"): Message => ({
    is: "door",
    door: { home: "home-v1", action, stage, words: null, nextStep: null, second: null },
  });
  assert.equal(isUnlocked(after(said, door("lock", "done")), "home-v1"), false);
  assert.equal(isUnlocked(after(said, door("lock", "failed")), "home-v1"), true);
  assert.equal(isUnlocked(phoneAfter(today([visit("v1")]), door("unlock", "done")), "home-v1"), true);
});

test("what could not be asked without a network is put away with the network's return", () => {
  const door: Message = { is: "door", door: { home: "home-v1", action: "lock", stage: "offline", words: null, nextStep: null, second: null } };
  assert.equal(phoneAfter(today([visit("v1")]), door).door?.stage, "offline");
  assert.equal(phoneAfter(today([visit("v1")]), door, today([visit("v1")])).door, null);
});

test("a tag at a home with an alarm leads to the alarm", () => {
  const answer = { home: "home-v1", label: "", address: "", place: "door" as const, visit: visit("v1"), alert: "a1", words: SAID };
  assert.deepEqual(phoneAfter({ is: "tag", answer, now: NOW }).place, { at: "alert", id: "a1" });
});

test("an older version of a visit changes nothing", () => {
  const phone = phoneAfter(today([visit("v1", { version: 3, standing: "started" })]), { is: "visit", visit: visit("v1", { version: 2 }) });
  assert.equal(phone.today?.visits[0]?.standing, "started");
});

test("the day of somebody who is signed out is gone", () => {
  const phone = phoneAfter(today([visit("v1")]), { is: "signed out" });
  assert.equal(phone.today, null);
  assert.equal(phone.proof, null);
});

test("without a network a door is asked nothing, and nothing is kept", async () => {
  const told: DoorAsked[] = [];
  globalThis.fetch = () => assert.fail("nothing may be sent");
  await work({ home: "home-v1", action: "unlock", purpose: { visit: "v1" }, offline: true }, "key", { wanted: () => true, tell: (door) => void told.push(door) });
  assert.deepEqual(told.map((door) => door.stage), ["offline"]);
});

test("a door that gave no answer is not asked again", async () => {
  let asked = 0;
  globalThis.fetch = () => {
    asked += 1;
    return Promise.reject(new TypeError("no network"));
  };
  const told: DoorAsked[] = [];
  await work({ home: "home-v1", action: "unlock", purpose: { visit: "v1" }, offline: false }, "key", { wanted: () => true, tell: (door) => void told.push(door) });
  assert.deepEqual(told.map((door) => door.stage), ["asking", "unanswered"]);
  assert.equal(asked, 1);
});

test("no screen says kvittera, and what is a setting comes from the municipality", () => {
  const words = phoneWordsOf({ resident: { sv: "kund", en: "customer" } });
  assert.equal(words.sv.noResident, "Okänd kund");
  assert.doesNotMatch(JSON.stringify(words.sv), /kvitter|nödöppn|boende|larmcentral/i);
});
