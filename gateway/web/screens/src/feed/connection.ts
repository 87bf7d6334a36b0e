/** One connection to a feed of server-sent events, kept up, resumed where it broke, and honest about its silence. */
import { EventParser, type ServerEvent } from "./sse";
import { waitBefore } from "./waiting";

/** Which feed, and what it promises. */
export interface Feed<Refusal> {
  readonly path: string;
  /** The event that makes the screen current; each connection begins with it. */
  readonly current: string;
  /** Milliseconds without a sign of life until the feed counts as lost. */
  readonly silence: number;
  headers(): Headers;
  /** Why the gateway lets nobody in with this answer, or null for any other answer. */
  refusalIn(answer: Response): Promise<Refusal | null>;
  /** Calls `look` again and again until the returned function is called. */
  ticking(look: () => void): () => void;
}

export interface Listener<Refusal> {
  /** What came together, in order. */
  events(events: readonly ServerEvent[]): void;
  /** Nothing is heard any more; `since` is the wall time (ms) when something last was. Told once a loss. */
  lost(since: number): void;
  /** The feed has ended. */
  refused(refusal: Refusal): void;
}

/** Wall time and steady time together: either alone stands still or leaps when a computer or a phone sleeps. */
function moment(): { wall: number; steady: number } {
  return { wall: Date.now(), steady: performance.now() };
}

/** Opens the feed; returns what closes it. */
export function listen<Refusal>(feed: Feed<Refusal>, listener: Listener<Refusal>): () => void {
  const connection = new Connection(feed, listener);
  return connection.open();
}

class Connection<Refusal> {
  private parser = new EventParser();
  private heard = moment();
  private live = false;
  private told = false;
  private closed = false;
  private attempt = new AbortController();
  private attemptUntil = 0;
  private pauseUntil = 0;
  private wake: () => void = () => undefined;

  constructor(
    private readonly feed: Feed<Refusal>,
    private readonly listener: Listener<Refusal>,
  ) {}

  open(): () => void {
    const watching = new AbortController();
    const { signal } = watching;
    const stopTicking = this.feed.ticking(() => this.look());
    addEventListener("offline", () => this.loseAtOnce(), { signal });
    addEventListener("online", () => this.retry(), { signal });
    // Timers stand still in a pocket: what the screen shows when it is taken out is looked at first.
    document.addEventListener("visibilitychange", () => this.look(), { signal });
    void this.keepUp();
    return () => {
      this.closed = true;
      stopTicking();
      watching.abort();
      this.retry();
    };
  }

  /** Everything that waits is looked at here. */
  private look(): void {
    const now = moment();
    const silence = Math.max(now.wall - this.heard.wall, now.steady - this.heard.steady);
    // An attempt after a loss has its own time: the silence before it must not end it.
    if (this.live ? silence >= this.feed.silence : now.steady >= this.attemptUntil) this.attempt.abort();
    if (silence >= this.feed.silence) this.sayLost();
    if (now.steady >= this.pauseUntil) this.wake();
  }

  private loseAtOnce(): void {
    this.sayLost();
    this.attempt.abort();
  }

  private retry(): void {
    this.attempt.abort();
    this.wake();
  }

  private sayLost(): void {
    this.live = false;
    if (this.told) return;
    this.told = true;
    this.listener.lost(this.heard.wall);
  }

  private async keepUp(): Promise<void> {
    for (let failures = 0; !this.closed; ) {
      const refusal = await this.hearOut().catch(() => null);
      if (this.closed) return;
      if (refusal !== null) {
        this.closed = true;
        return this.listener.refused(refusal);
      }
      failures = this.live ? 1 : failures + 1;
      this.live = false;
      await this.pause(waitBefore(failures, Math.random()));
    }
  }

  private pause(milliseconds: number): Promise<void> {
    this.pauseUntil = performance.now() + milliseconds;
    return new Promise((resolve) => (this.wake = resolve));
  }

  /** One connection from its beginning to its end; why nobody is let in, or null. */
  private async hearOut(): Promise<Refusal | null> {
    this.attempt = new AbortController();
    this.attemptUntil = performance.now() + this.feed.silence;
    this.parser = new EventParser(this.parser.lastEventId);
    const headers = this.feed.headers();
    headers.set("Accept", "text/event-stream");
    if (this.parser.lastEventId) headers.set("Last-Event-ID", this.parser.lastEventId);
    const response = await fetch(this.feed.path, { headers, signal: this.attempt.signal, cache: "no-store" });
    const refusal = await this.feed.refusalIn(response);
    if (refusal === null && response.ok && response.body) await this.read(response.body.getReader());
    return refusal;
  }

  private async read(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const events = this.parser.push(decoder.decode(value, { stream: true }));
      if (events.length > 0) this.hear(events);
      if (this.live) this.heard = moment();
    }
  }

  private hear(events: readonly ServerEvent[]): void {
    if (events.some(({ event }) => event === this.feed.current)) {
      this.live = true;
      this.told = false;
      this.heard = moment();
    }
    this.listener.events(events);
  }
}
