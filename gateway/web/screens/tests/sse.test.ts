/** The parser gives the same events however the network cuts the text. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { EventParser } from "../src/feed/sse";

const TEXT = 'event: snapshot\r\nid: 7\r\ndata: {"number":7}\r\n\r\n: still here\n\nevent: alert\nid: 8\ndata: a\ndata: å\n\nid: 9\n\ndata\n\n';
const EVENTS = [
  { event: "snapshot", data: '{"number":7}' },
  { event: "alert", data: "a\nå" },
  { event: "message", data: "" },
];

test("every cut gives the same events", () => {
  for (let cut = 0; cut <= TEXT.length; cut += 1) {
    const parser = new EventParser();
    assert.deepEqual([...parser.push(TEXT.slice(0, cut)), ...parser.push(TEXT.slice(cut))], EVENTS);
    assert.equal(parser.lastEventId, "9");
  }
});

test("character by character gives the same events", () => {
  const parser = new EventParser();
  assert.deepEqual([...TEXT].flatMap((character) => parser.push(character)), EVENTS);
});

test("an event that never ended does not move the id to resume from", () => {
  const parser = new EventParser("5");
  assert.deepEqual(parser.push("id: 6\nevent: alert\ndata: half"), []);
  assert.equal(parser.lastEventId, "5");
});
