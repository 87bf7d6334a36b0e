/** How soon a screen says that it hears nothing: desks within 5 s, phones within 10 s, by a clock that the test moves. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { listenAtDesk } from "../src/desk/feed";
import { listenToVisits } from "../src/desk/visits/feed";
import { listenOnPhone } from "../src/phone/feed";

/** Milliseconds that the clock moves at once. */
const STEP = 50;
const SESSION = { token: "", person: "disa", operator: "Disa", may: null, unchecked: false };
const NOTHING = (): void => undefined;

/** The browser around a feed: a clock, what ticks by it, and one answer of the gateway that stays open. */
class Around {
  now = 0;
  said: (text: string) => void = NOTHING;
  private ticking: { every: number; next: number; tick(): void }[] = [];

  constructor() {
    const around = this;
    Date.now = () => this.now;
    performance.now = () => this.now;
    const tickEvery = (tick: () => void, every: number): void => void this.ticking.push({ every, next: this.now + every, tick });
    Object.assign(globalThis, {
      addEventListener: NOTHING,
      document: { addEventListener: NOTHING },
      setInterval: tickEvery,
      clearInterval: NOTHING,
      fetch: async (_path: string, { signal }: { signal: AbortSignal }) => new Response(around.stream(signal)),
      Worker: class {
        onmessage: () => void = NOTHING;
        postMessage(every: number): void {
          tickEvery(() => this.onmessage(), every);
        }
        terminate = NOTHING;
      },
    });
  }

  private stream(signal: AbortSignal): ReadableStream<Uint8Array> {
    return new ReadableStream({
      start: (controller) => {
        signal.addEventListener("abort", () => controller.error(signal.reason));
        this.said = (text) => controller.enqueue(new TextEncoder().encode(text));
      },
    });
  }

  async pass(milliseconds: number): Promise<void> {
    for (const end = this.now + milliseconds; this.now < end; ) {
      this.now += STEP;
      for (const one of this.ticking.filter((each) => each.next <= this.now)) {
        one.next += one.every;
        one.tick();
      }
      await turn();
    }
  }
}

type Open = (heard: { lost(since: number): void }) => () => void;
const event = (name: string): string => `event: ${name}\ndata: {}\n\n`;
const FEEDS: readonly [string, string, number, number, Open][] = [
  ["a desk", "snapshot", 2_000, 5_000, ({ lost }) => listenAtDesk(SESSION, { lost, refused: NOTHING, snapshot: NOTHING, alerts: NOTHING, pulse: NOTHING, openings: NOTHING, noEntries: NOTHING })],
  ["a coordinator's list", "visits", 2_000, 5_000, ({ lost }) => listenToVisits(SESSION, { from: "a", until: "b" }, { lost, refused: NOTHING, visits: NOTHING })],
  ["a phone", "today", 5_000, 10_000, ({ lost }) => listenOnPhone({ lost, refused: NOTHING, today: NOTHING, pulse: NOTHING })],
];

for (const [who, current, pulse, promised, open] of FEEDS) {
  test(`${who} that hears nothing says so within ${promised / 1_000} s, and not while pulses come`, async () => {
    const around = new Around();
    const lost: number[] = [];
    const close = open({ lost: (since) => lost.push(since) });
    await turn();
    around.said(event(current));
    for (let beats = 0; beats < 10; beats += 1) {
      await around.pass(pulse);
      around.said(event("pulse"));
    }
    await turn();
    assert.deepEqual(lost, [], "a feed that is alive");
    const since = around.now;
    await around.pass(promised - 2 * STEP);
    assert.equal(lost.length, 1, "nothing was said in time");
    assert.ok(lost[0] !== undefined && lost[0] <= since + STEP);
    close();
  });
}
