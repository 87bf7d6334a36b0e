/** What the desk knows after what it heard: rings for presses and nothing else, and never an older view over a newer. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { AlertView } from "../src/desk/contract";
import { everyOpen, found } from "../src/desk/open_alerts";
import { board } from "../src/desk/order";
import { type Desk, EMPTY, type Message, after, knownBy, waitingCalls } from "../src/desk/store";
import { view } from "./views";

const snapshot = (...alerts: AlertView[]): Message => ({ is: "snapshot", snapshot: { number: 1, alerts } });
const alert = (...alerts: AlertView[]): Message => ({ is: "alerts", alerts });
const said = (...messages: Message[]): Desk => messages.reduce(after, EMPTY);

test("a snapshot replaces the list, and what is missing in it is gone", () => {
  const desk = said(snapshot(view("a"), view("b")), { is: "lost", since: 1 }, snapshot(view("b")));
  assert.deepEqual([...everyOpen(desk.open)].map(({ id }) => id), ["b"]);
  assert.deepEqual(desk.contact, { is: "live" });
});

test("a press while the feed was away rings when the snapshot comes", () => {
  const before = said(snapshot(view("a")));
  const desk = after(after(before, { is: "lost", since: 1 }), snapshot(view("a", { occurrences: 2, version: 2 })));
  assert.equal(desk.rung, before.rung + 1);
  assert.equal(desk.rings[0]?.is, "repeat");
});

test("a new call and a repeated press ring; taking, faults and a snapshot without news do not", () => {
  const desk = said(snapshot(), alert(view("a")), alert(view("a", { occurrences: 2, version: 2 })));
  assert.equal(desk.rung, 2);
  const silent = [
    alert(view("a", { occurrences: 2, version: 3, claimed_by: "Karin" })),
    alert(view("f", { condition: "edge_silent", urgency: "fault" })),
    snapshot(view("a", { occurrences: 2, version: 3 })),
  ].reduce(after, desk);
  assert.equal(silent.rung, 2);
});

test("an escalation of a call that nobody has rings, also at a desk that took it before; a taken one is quiet", () => {
  const desk = said(snapshot(view("a")), alert(view("a", { rung: 1, version: 2 })));
  assert.equal(desk.rings[0]?.is, "escalated");
  assert.deepEqual(waitingCalls(desk).map((call) => call.id), ["a"]);
  const taken = after(desk, alert(view("a", { rung: 1, version: 3, claimed_by: "Karin" })));
  assert.equal(taken.rung, desk.rung);
  assert.equal(waitingCalls(taken).length, 0);
});

test("a responder who cannot go rings once", () => {
  const response = { person: "p", name: "Omar", standing: "sent", sent_at: "", accepted_at: null, on_site_at: null, left_at: null } as const;
  const sent = view("a", { claimed_by: "Karin", response });
  const declined = view("a", { claimed_by: "Karin", version: 2, response: { ...response, standing: "declined" } });
  const desk = said(snapshot(sent), alert(declined));
  assert.equal(desk.rings[0]?.is, "declined");
  assert.equal(after(desk, alert({ ...declined, version: 3 })).rung, desk.rung);
});

test("a fault or concern that waits does not sound again and again", () => {
  assert.equal(waitingCalls(said(snapshot(view("f", { urgency: "fault" }), view("c", { urgency: "concern" })))).length, 0);
});

test("a new instruction comes with the version that is known", () => {
  const desk = said(snapshot(view("a", { version: 3 })), alert(view("a", { version: 3, instruction: "Ring Vera." })));
  assert.equal(found(desk.open, "a")?.instruction, "Ring Vera.");
  assert.equal(desk.rung, 1, "the snapshot alone rang");
});

test("a row that is sent again on resume does not undo what is known", () => {
  const desk = said(snapshot(view("a", { version: 3, claimed_by: "Karin" })), alert(view("a", { version: 2 })));
  assert.equal(found(desk.open, "a")?.claimed_by, "Karin");
});

test("a resolved alert leaves the list and an old row does not bring it back", () => {
  const over = view("a", { version: 3, standing: "resolved", resolved_by: "Karin", reason: "feltryck" });
  const desk = said(snapshot(view("a")), alert(over), alert(view("a", { version: 2 })));
  assert.deepEqual([...everyOpen(desk.open)], []);
  assert.equal(desk.ended[0]?.reason, "feltryck");
});

test("the gateway's clock counts, not this computer's", () => {
  const pulse = { at: "2026-01-10T02:00:00Z", bulk_alive: true, database: true, broker: true };
  assert.equal(said({ is: "pulse", pulse, now: Date.parse("2026-01-10T01:00:00Z") }).clockLead, 3_600_000);
});

test("an empty list claims nothing unless contact, database and the road from the homes are known to work", () => {
  const pulse = { at: "2026-01-10T02:00:00Z", bulk_alive: true, database: true, broker: true };
  const heard = (changes: Partial<typeof pulse>): Message => ({ is: "pulse", pulse: { ...pulse, ...changes }, now: 0 });
  const known = (...messages: Message[]) => knownBy(said(...messages));
  assert.deepEqual(known(snapshot(), heard({})), { calls: true, watch: true });
  assert.deepEqual(known(snapshot(), heard({ bulk_alive: false })), { calls: true, watch: false });
  for (const unknown of [[], [snapshot()], [snapshot(), heard({ database: false })], [snapshot(), heard({ broker: false })]]) {
    assert.deepEqual(known(...unknown), { calls: false, watch: false });
  }
  assert.deepEqual(known(snapshot(), heard({}), { is: "lost", since: 1 }), { calls: false, watch: false });
});

const faults = (count: number): AlertView[] =>
  Array.from({ length: count }, (_, n) => view(`f${n}`, { condition: "edge_silent", urgency: "fault" }));

test("a call copies and sorts nothing of the faults that stand beside it", () => {
  const before = said(snapshot(...faults(1_000)));
  const desk = after(before, alert(view("a")));
  assert.equal(desk.open.fault, before.open.fault);
  assert.equal(board(desk.open).faults, board(before.open).faults);
  assert.deepEqual(board(desk.open).calls.map(({ id }) => id), ["a"]);
});

test("what comes together is one change, in its order, with every ring", () => {
  const over = view("b", { version: 2, standing: "resolved", resolved_by: "Karin" });
  const came = alert(view("a"), view("b"), ...faults(3), view("a", { version: 2, occurrences: 2 }), over, view("b"));
  const desk = after(said(snapshot()), came);
  assert.deepEqual([...everyOpen(desk.open)].map(({ id }) => id), ["a", "f0", "f1", "f2"]);
  assert.equal(found(desk.open, "a")?.occurrences, 2);
  assert.deepEqual(desk.rings.map(({ is, alert }) => `${is} ${alert.id}`), ["new a", "new b", "repeat a"]);
  assert.equal(desk.rung, 1);
  assert.deepEqual(desk.ended.map(({ id }) => id), ["b"]);
});
