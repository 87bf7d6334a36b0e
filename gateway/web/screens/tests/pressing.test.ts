/** How pressing a call is: by its age at the gateway, and until somebody has it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { opened } from "../src/desk/open_alerts";
import { OVERDUE, SOUND_AGAIN, overdueCalls, pressing } from "../src/desk/pressing";
import { EMPTY, type Desk } from "../src/desk/store";
import { view } from "./views";

const RAISED = "2026-01-10T01:10:01Z";
const THEN = Date.parse(RAISED);
const desk = (...alerts: ReturnType<typeof view>[]): Desk => ({ ...EMPTY, open: opened(alerts) });

test("a call that nobody takes becomes ever more pressing, and is quiet once somebody has it", () => {
  const waiting = desk(view("a", { raised_at: RAISED }));
  assert.equal(pressing(EMPTY, THEN), "nothing");
  assert.equal(pressing(waiting, THEN + OVERDUE - 1), "waiting");
  assert.equal(pressing(desk(view("a", { raised_at: RAISED, rung: 1 })), THEN), "escalated");
  assert.equal(pressing(waiting, THEN + OVERDUE), "overdue");
  assert.equal(pressing(desk(view("a", { raised_at: RAISED, claimed_by: "Elin" })), THEN + OVERDUE), "nothing");
  assert.equal(pressing(desk(view("a", { raised_at: RAISED, urgency: "fault" })), THEN + OVERDUE), "nothing");
  assert.ok(SOUND_AGAIN.overdue < SOUND_AGAIN.escalated && SOUND_AGAIN.escalated < SOUND_AGAIN.waiting);
});

test("the one that has waited longest is named first", () => {
  const late = desk(view("young", { raised_at: "2026-01-10T01:10:20Z" }), view("old", { raised_at: RAISED }), view("fresh", { raised_at: "2026-01-10T01:11:20Z" }));
  assert.deepEqual(overdueCalls(late, THEN + 90_000).map((call) => call.id), ["old", "young"]);
});
