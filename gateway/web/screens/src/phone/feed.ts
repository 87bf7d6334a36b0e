/** The phone's feed: one connection to /api/v1/phone/live, kept up, and honest about its silence. */
import { EventParser, type ServerEvent } from "../feed/sse";
import { waitBefore } from "../feed/waiting";
import type { Today } from "./contract";

/** Milliseconds. The gateway sends a pulse every 5 s; with `LOOK_EVERY` a phone says within 10 s that it hears nothing. */
const SILENCE_LIMIT = 8_500;
const LOOK_EVERY = 500;
const UNAUTHORISED = 401;
const FORBIDDEN = 403;

export interface FeedListener {
  today(today: Today): void;
  pulse(at: string): void;
  /** Nothing is heard any more; `since` is the wall time (ms) when something last was. */
  lost(since: number): void;
  /** Nobody is signed in, or somebody who has no visits. The feed has ended. */
  ended(why: "denied" | "no role"): void;
}

/** Wall time and steady time together: either alone stands still or leaps when a phone sleeps. */
function moment(): { wall: number; steady: number } {
  return { wall: Date.now(), steady: performance.now() };
}

export class PhoneFeed {
  private parser = new EventParser();
  private heard = moment();
  private live = false;
  private told = false;
  private closed = false;
  private attempt = new AbortController();
  private attemptUntil = 0;
  private pauseUntil = 0;
  private wake: () => void = () => undefined;

  constructor(private readonly listener: FeedListener) {}

  /** Opens the feed; returns what closes it. */
  open(): () => void {
    const timer = setInterval(() => this.look(), LOOK_EVERY);
    const offline = (): void => this.sayLost();
    const online = (): void => this.retry();
    // A phone's timers stand still in a pocket: what it shows when it is taken out is looked at first.
    const shown = (): void => this.look();
    addEventListener("offline", offline);
    addEventListener("online", online);
    document.addEventListener("visibilitychange", shown);
    void this.keepUp();
    return () => {
      this.closed = true;
      clearInterval(timer);
      removeEventListener("offline", offline);
      removeEventListener("online", online);
      document.removeEventListener("visibilitychange", shown);
      this.attempt.abort();
      this.wake();
    };
  }

  private look(): void {
    const now = moment();
    const silence = Math.max(now.wall - this.heard.wall, now.steady - this.heard.steady);
    if (this.live ? silence >= SILENCE_LIMIT : now.steady >= this.attemptUntil) this.attempt.abort();
    if (silence >= SILENCE_LIMIT) this.sayLost();
    if (now.steady >= this.pauseUntil) this.wake();
  }

  private retry(): void {
    this.attempt.abort();
    this.wake();
  }

  private sayLost(): void {
    this.live = false;
    this.attempt.abort();
    if (this.told) return;
    this.told = true;
    this.listener.lost(this.heard.wall);
  }

  private async keepUp(): Promise<void> {
    for (let failures = 0; !this.closed; ) {
      const ended = await this.listen().catch(() => null);
      if (this.closed) return;
      if (ended) {
        this.closed = true;
        return this.listener.ended(ended);
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

  private async listen(): Promise<"denied" | "no role" | null> {
    this.attempt = new AbortController();
    this.attemptUntil = performance.now() + SILENCE_LIMIT;
    this.parser = new EventParser();
    const headers = { Accept: "text/event-stream" };
    const response = await fetch("/api/v1/phone/live", { headers, signal: this.attempt.signal, cache: "no-store" });
    if (response.status === UNAUTHORISED) return "denied";
    if (response.status === FORBIDDEN) return "no role";
    if (response.ok && response.body) await this.read(response.body.getReader());
    return null;
  }

  private async read(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      for (const event of this.parser.push(decoder.decode(value, { stream: true }))) this.hear(event);
      if (this.live) this.heard = moment();
    }
  }

  private hear(event: ServerEvent): void {
    if (event.event === "today") {
      this.live = true;
      this.told = false;
      this.heard = moment();
      this.listener.today(JSON.parse(event.data) as Today);
    } else if (event.event === "pulse") {
      this.listener.pulse((JSON.parse(event.data) as { at: string }).at);
    }
  }
}
