/** The desk's feed: one connection to /api/v1/live, kept up, resumed where it broke, and honest about its silence. */
import type { AlertView, Pulse, Snapshot } from "../contract";
import { type Refusal, refusalIn } from "../refusal";
import { type Session, headersFor } from "../session";
import { EventParser, type ServerEvent } from "./sse";
import { startTicking } from "./ticking";
import { LOOK_EVERY, SILENCE_LIMIT, waitBefore } from "./waiting";

export interface FeedListener {
  snapshot(snapshot: Snapshot): void;
  alert(alert: AlertView): void;
  pulse(pulse: Pulse): void;
  /** Nothing is heard any more; `since` is the wall time (ms) when something last was. Told once a loss. */
  lost(since: number): void;
  /** The gateway lets nobody in like that. The feed has ended. */
  refused(refusal: Refusal): void;
}

class Denied extends Error {
  constructor(readonly refusal: Refusal) {
    super();
  }
}

/** Wall time and steady time together: either alone stands still or leaps when a computer sleeps. */
function moment(): { wall: number; steady: number } {
  return { wall: Date.now(), steady: performance.now() };
}

export class Feed {
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
    private readonly session: Session,
    private readonly listener: FeedListener,
  ) {}

  /** Opens the feed; returns what closes it. */
  open(): () => void {
    const stopTicking = startTicking(LOOK_EVERY, () => this.look());
    void this.keepUp();
    return () => {
      this.closed = true;
      stopTicking();
      this.attempt.abort();
      this.wake();
    };
  }

  /** Everything that waits is looked at here, on ticks that come on time even in a hidden window. */
  private look(): void {
    const now = moment();
    const silence = Math.max(now.wall - this.heard.wall, now.steady - this.heard.steady);
    if (this.live ? silence >= SILENCE_LIMIT : now.steady >= this.attemptUntil) this.attempt.abort();
    if (silence >= SILENCE_LIMIT) this.sayLost();
    if (now.steady >= this.pauseUntil) this.wake();
  }

  private sayLost(): void {
    this.live = false;
    if (this.told) return;
    this.told = true;
    this.listener.lost(this.heard.wall);
  }

  private async keepUp(): Promise<void> {
    for (let failures = 0; !this.closed; ) {
      try {
        await this.listen();
      } catch (error) {
        if (error instanceof Denied) return this.end(error.refusal);
      }
      if (this.closed) return;
      failures = this.live ? 1 : failures + 1;
      this.live = false;
      await this.pause(waitBefore(failures, Math.random()));
    }
  }

  private end(refusal: Refusal): void {
    this.closed = true;
    this.listener.refused(refusal);
  }

  private pause(milliseconds: number): Promise<void> {
    this.pauseUntil = performance.now() + milliseconds;
    return new Promise((resolve) => (this.wake = resolve));
  }

  private async listen(): Promise<void> {
    this.attempt = new AbortController();
    this.attemptUntil = performance.now() + SILENCE_LIMIT;
    this.parser = new EventParser(this.parser.lastEventId);
    const headers = headersFor(this.session);
    headers.set("Accept", "text/event-stream");
    if (this.parser.lastEventId) headers.set("Last-Event-ID", this.parser.lastEventId);
    const response = await fetch("/api/v1/live", { headers, signal: this.attempt.signal, cache: "no-store" });
    const refusal = await refusalIn(response);
    if (refusal) throw new Denied(refusal);
    if (response.ok && response.body) await this.read(response.body.getReader());
  }

  private async read(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      for (const event of this.parser.push(decoder.decode(value, { stream: true }))) {
        this.hear(event);
      }
      if (this.live) this.heard = moment();
    }
  }

  private hear(event: ServerEvent): void {
    if (event.event === "snapshot") {
      this.live = true;
      this.told = false;
      this.heard = moment();
      this.listener.snapshot(JSON.parse(event.data) as Snapshot);
    } else if (event.event === "alert") {
      this.listener.alert(JSON.parse(event.data) as AlertView);
    } else if (event.event === "pulse") {
      this.listener.pulse(JSON.parse(event.data) as Pulse);
    }
  }
}
