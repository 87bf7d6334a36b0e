/**
 * One stream of one epoch at the edge: what is held, how far it is receipted, and what is to be sent next.
 *
 * No clock and no line of its own: `now` is milliseconds of a steady clock.
 */

const MAX_FACTS = 200; // facts a frame; the document allows 1,000
const MAX_BODY = 60_000; // bytes of body a frame, so that with its header it stays below 65,536
const WINDOW = 4; // frames on the way without a receipt
const ALARM_WINDOW = 64; // the same of alarms, which are sent one by one as they come
const ALARM_WAITS = [1_000, 2_000, 4_000, 8_000, 16_000, 30_000]; // ms until alarms are sent again; the last repeats
const OTHER_WAIT = 10_000; // ms until access and record are sent again
const ASKED_WAIT = 1_000; // ms after which a repeated receipt means that what we sent did not arrive

export class Stream {
  constructor(name) {
    this.name = name;
    this.held = new Map(); // seq -> the envelope's text, the same every time
    this.head = 0; // last seq given
    this.receipted = 0;
    this.once = 0; // highest seq that ever was receipted
    this.beat = -1n; // of the last receipt taken in this run
    this.begin();
  }

  /** Lowest seq still held, 0 for none. */
  get lowest() {
    return this.held.size === 0 ? 0 : this.held.keys().next().value;
  }

  get drained() {
    return this.receipted >= this.head;
  }

  add(seq, envelope) {
    this.held.set(seq, envelope);
    this.head = seq;
  }

  /** How far it is receipted, by the journal or a receipt. */
  settle(receipted) {
    this.receipted = receipted;
    this.once = Math.max(this.once, receipted);
  }

  /** A new connection: everything without a receipt is sent again. */
  begin() {
    this.attempt = 0;
    this.again();
  }

  /** Send again from the last receipt on. */
  again() {
    this.sent = this.receipted;
    this.onTheWay = []; // the last seq of each frame sent and not receipted
    this.since = 0;
  }

  /**
   * Take a receipt; true where it changed how far the stream is receipted. One of an older heartbeat is ignored, and so
   * is a lower one of the same heartbeat; of a newer heartbeat a lower one is a rewind.
   */
  take(durable, beat, now) {
    const through = Math.min(durable, this.head);
    if (beat < this.beat || (beat === this.beat && through < this.receipted)) return false;
    this.beat = beat;
    if (through === this.receipted) {
      if (this.onTheWay.length > 0 && now - this.since >= ASKED_WAIT) this.again();
      return false;
    }
    const back = through < this.receipted;
    this.settle(through);
    if (back || this.sent < through) this.again();
    this.onTheWay = this.onTheWay.filter((last) => last > through);
    this.attempt = 0;
    this.since = now;
    return true;
  }

  /** What to send now: `{kind, first, count, body}`, or null. Counts as sent. */
  next(now) {
    const wait = this.name === 'alarm' ? ALARM_WAITS[Math.min(this.attempt, ALARM_WAITS.length - 1)] : OTHER_WAIT;
    if (this.onTheWay.length > 0 && now - this.since >= wait) {
      this.attempt += 1;
      this.again();
    }
    const window = this.name === 'alarm' ? ALARM_WINDOW : WINDOW;
    if (this.sent >= this.head || this.onTheWay.length >= window) return null;
    const first = this.sent + 1;
    const frame = this.held.has(first) ? this.#facts(first) : this.#lost(first);
    if (this.onTheWay.length === 0) this.since = now;
    this.sent = first + frame.count - 1;
    this.onTheWay.push(this.sent);
    return frame;
  }

  #facts(first) {
    const envelopes = [];
    let bytes = 2;
    for (let seq = first; this.held.has(seq) && envelopes.length < MAX_FACTS; seq += 1) {
      const envelope = this.held.get(seq);
      bytes += Buffer.byteLength(envelope) + 1;
      if (bytes > MAX_BODY && envelopes.length > 0) break;
      envelopes.push(envelope);
    }
    return { kind: 'facts', first, count: envelopes.length, body: `[${envelopes.join(',')}]` };
  }

  /** Seqs that are held no longer: aged out after a receipt, or never taken by the disk. */
  #lost(first) {
    let last = first;
    const released = first <= this.once;
    while (last < (released ? this.once : this.head) && !this.held.has(last + 1)) last += 1;
    const body = JSON.stringify({ reason: released ? 'released' : 'evicted' });
    return { kind: 'lost', first, count: last - first + 1, body };
  }
}
