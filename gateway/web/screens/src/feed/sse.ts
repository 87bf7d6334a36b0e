/** A parser of server-sent events (WHATWG HTML, 9.2.6), because the browser's own cannot send an Authorization header. */

export interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

/** Characters one event may hold; a snapshot of 10,000 open alerts is some 8 million. Above it the feed is broken. */
const EVENT_LIMIT = 32_000_000;

/**
 * Takes text in pieces of any length and gives the events that are complete.
 *
 * `lastEventId` is the id to resume from: it moves when an event is complete, never in the middle of one.
 * Throws `RangeError` when an event exceeds `EVENT_LIMIT`.
 */
export class EventParser {
  lastEventId: string;
  private rest = "";
  private scanned = 0;
  private event = "";
  private data: string[] = [];
  private size = 0;
  private id: string;

  constructor(lastEventId = "") {
    this.lastEventId = lastEventId;
    this.id = lastEventId;
  }

  push(text: string): ServerEvent[] {
    const events: ServerEvent[] = [];
    this.rest += text;
    for (let line = this.nextLine(); line !== null; line = this.nextLine()) {
      const complete = this.take(line);
      if (complete) events.push(complete);
    }
    if (this.size + this.rest.length > EVENT_LIMIT) throw new RangeError("an event of the feed is too long");
    return events;
  }

  /** The next line without its ending, or null while it is incomplete. A lone CR at the end may be half of CRLF. */
  private nextLine(): string | null {
    for (let at = this.scanned; at < this.rest.length; at += 1) {
      const character = this.rest[at];
      if (character !== "\n" && character !== "\r") continue;
      if (character === "\r" && at + 1 === this.rest.length) break;
      const line = this.rest.slice(0, at);
      const width = character === "\r" && this.rest[at + 1] === "\n" ? 2 : 1;
      this.rest = this.rest.slice(at + width);
      this.scanned = 0;
      return line;
    }
    this.scanned = Math.max(0, this.rest.length - 1);
    return null;
  }

  private take(line: string): ServerEvent | null {
    if (line === "") return this.complete();
    const colon = line.indexOf(":");
    if (colon === 0) return null;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (field === "event") this.event = value;
    if (field === "id" && !value.includes("\0")) this.id = value;
    if (field === "data") {
      this.data.push(value);
      this.size += value.length;
    }
    return null;
  }

  private complete(): ServerEvent | null {
    const event = { event: this.event || "message", data: this.data.join("\n") };
    const empty = this.data.length === 0;
    this.lastEventId = this.id;
    this.event = "";
    this.data = [];
    this.size = 0;
    return empty ? null : event;
  }
}
