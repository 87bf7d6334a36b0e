/** What a person states by hand is kept first, sent in order with its own key, and never lost in silence. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Outcome } from "../src/phone/calls";
import { KEPT_LIMIT, PageKeep } from "../src/phone/keep";
import { Outbox } from "../src/phone/outbox";
import { type Statement, requestOf } from "../src/phone/statement";
import { statement } from "./days";

const NO = { sv: "Besöket är inte ditt.", en: "The visit is not yours." };

class Gateway {
  answers: Outcome<unknown>[] = [];
  heard: string[] = [];
  taken: string[] = [];
  denials = 0;
  shown: readonly Statement[] = [];
  readonly keep = new PageKeep();
  readonly outbox = new Outbox(this.keep, {
    send: async (one) => {
      this.heard.push(one.key);
      return this.answers.shift() ?? { is: "done", value: {} };
    },
    sent: (one) => this.taken.push(one.key),
    changed: (statements) => (this.shown = statements),
    denied: () => (this.denials += 1),
  });

  async keeps(...statements: Statement[]): Promise<void> {
    for (const one of statements) await this.keep.add(one);
  }
}

test("without a network everything stays, and goes in order with the same keys when it is back", async () => {
  const gateway = new Gateway();
  gateway.answers = [{ is: "unreached" }];
  await gateway.keeps(statement("first", "start", "v1"), statement("second", "end", "v1"));
  await gateway.outbox.flush("karin");
  assert.deepEqual(gateway.heard, ["first"]);
  await gateway.outbox.flush("karin");
  assert.deepEqual(gateway.heard, ["first", "first", "second"]);
  assert.deepEqual(gateway.taken, ["first", "second"]);
  assert.deepEqual(await gateway.keep.statements(), []);
});

test("a gateway that cannot now is asked again, and nothing overtakes", async () => {
  const gateway = new Gateway();
  gateway.answers = [{ is: "later", said: null }];
  await gateway.keeps(statement("first", "start", "v1"), statement("second", "end", "v1"));
  await gateway.outbox.flush("karin");
  assert.deepEqual(gateway.heard, ["first"]);
  assert.equal((await gateway.keep.statements()).length, 2);
});

test("what is refused stays with the reason until it was read, and what comes after it goes on", async () => {
  const gateway = new Gateway();
  gateway.answers = [{ is: "refused", said: NO }];
  await gateway.keeps(statement("first", "start", "v1"), statement("second", "end", "v2"));
  await gateway.outbox.flush("karin");
  assert.deepEqual(gateway.taken, ["second"]);
  assert.deepEqual(gateway.shown.map((one) => [one.key, one.refused]), [["first", NO]]);
  await gateway.outbox.flush("karin");
  assert.deepEqual(gateway.heard, ["first", "second"]);
  await gateway.outbox.letGo("first");
  assert.deepEqual(gateway.shown, []);
});

test("a session that is over keeps everything for the same person", async () => {
  const gateway = new Gateway();
  gateway.answers = [{ is: "denied" }];
  await gateway.keeps(statement("first", "start", "v1"));
  await gateway.outbox.flush("karin");
  assert.equal(gateway.denials, 1);
  assert.equal((await gateway.keep.statements()).length, 1);
});

test("nobody sends what another person stated", async () => {
  const gateway = new Gateway();
  await gateway.keeps(statement("hers", "start", "v1"), statement("his", "start", "v2", { person: "omar" }));
  await gateway.outbox.flush("omar");
  assert.deepEqual(gateway.taken, ["his"]);
  assert.deepEqual((await gateway.keep.statements()).map((one) => one.key), ["hers"]);
});

test("a phone that is full says so and keeps what it has", async () => {
  const gateway = new Gateway();
  for (let n = 0; n < KEPT_LIMIT; n += 1) await gateway.keep.add(statement(`key-${n}`, "start", "v1"));
  assert.equal(await gateway.outbox.state(statement("one more", "end", "v1")), false);
  assert.equal((await gateway.keep.statements()).length, KEPT_LIMIT);
});

test("no statement is about a door", () => {
  const whats = ["start", "end", "cannot_get_in", "close", "accept", "decline", "on_site", "left", "outcome"] as const;
  for (const what of whats) assert.doesNotMatch(requestOf(statement("key", what, "about")).path, /doors|commands/);
});
