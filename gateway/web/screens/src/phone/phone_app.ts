/** The phone's parts put together: what it knows, what it keeps, its feed, and what a person can do with it. */
import type { DoorAction } from "../contract";
import type { Me } from "../signing_in/signing_in";
import { Sound } from "../sound";
import { call, readTag, whoIsSignedIn } from "./calls";
import type { Call, Purpose, Today, Visit } from "./contract";
import { isWorking, work, workFromAfar } from "./door";
import { listenOnPhone } from "./feed";
import { type Keep, PageKeep } from "./keep";
import { Outbox } from "./outbox";
import { type Statement, type What, requestOf, waitingAbout } from "./statement";
import { type DoorAsked, EMPTY, type Message, type Phone, type Place, after, callWaiting, dayOf } from "./store";

/** In localStorage while a session is left that could not be ended for want of a network. */
const LEAVING = "vaka.phone.leaving";
const ABOUT_VISITS: readonly What[] = ["start", "end", "cannot_get_in"];
const ABOUT_CALLS: readonly What[] = ["accept", "decline", "on_site", "left", "outcome"];
/** A buzz that is felt through a glove: on, off, on (ms). */
const BUZZ = [400, 150, 400, 150, 400];
/** Milliseconds from one ring to the next while an alarm waits for this person's answer. */
const RING_AGAIN = 10_000;
const SERVER_FAULT = 500;

export class PhoneApp {
  phone: Phone = EMPTY;
  /** Whether anybody knows who is signed in; before that the screen says nothing. */
  ready = false;
  /** Somebody is signed in who has no visits. */
  noRole = false;
  /** The session came to an end by itself. */
  ended = false;
  private readonly sound = new Sound();
  private listeners = new Set<() => void>();
  private closeFeed: () => void = () => undefined;
  private readonly outbox: Outbox;
  private waitingTag: string | null = null;
  /** Rises with everything that is asked of a door. */
  private turn = 0;
  private readonly saying = new Set<string>();

  constructor(private readonly keep: Keep) {
    this.outbox = new Outbox(keep, {
      send: (statement) => {
        const { path, body } = requestOf(statement);
        return call(path, body);
      },
      sent: (statement, value) => this.take(statement, value),
      changed: (statements) => this.send({ is: "statements", statements }),
      denied: () => void this.endSession(),
    });
  }

  /** A tag was read that nobody has asked about, for want of a session. */
  get tagWaits(): boolean {
    return this.waitingTag !== null;
  }

  get keepsNothing(): boolean {
    return this.keep instanceof PageKeep;
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Whoever is signed in goes on, also without a network; a tag that was read is asked about at once. */
  async open(tag: string | null): Promise<void> {
    this.waitingTag = tag;
    addEventListener("pointerdown", () => void this.sound.allow());
    setInterval(() => this.ring(), RING_AGAIN);
    await this.outbox.tell();
    await this.finishLeaving();
    const [who] = await Promise.all([whoIsSignedIn(), this.touch()]);
    if (who.is === "done") await this.arrive(who.value);
    else if (who.is !== "denied" && !localStorage.getItem(LEAVING)) await this.arriveFromKeep();
    this.ready = true;
    this.draw();
  }

  async arrive(me: Me): Promise<void> {
    localStorage.removeItem(LEAVING);
    this.noRole = false;
    this.ended = false;
    this.ready = true;
    this.send({ is: "signed in", me });
    await this.showKept(me.person);
    this.listen();
    void this.touch();
    void this.outbox.flush(me.person);
  }

  /** A tag was read; without a session it waits for one. */
  async touch(tag: string | null = this.waitingTag): Promise<void> {
    if (tag === null) return;
    this.waitingTag = null;
    this.send({ is: "reading", reading: { is: "asking" } });
    const outcome = await readTag(tag);
    if (outcome.is === "done") this.send({ is: "tag", answer: outcome.value, now: Date.now() });
    else if (outcome.is === "denied") {
      this.waitingTag = tag;
      this.send({ is: "reading", reading: null });
    } else if (outcome.is === "unreached" || !outcome.said) this.send({ is: "reading", reading: { is: "unreached" } });
    else this.send({ is: "reading", reading: { is: "said", said: outcome.said, good: false } });
  }

  /** `fromAfar`: with a second person who agrees, because no tag can be read. */
  async askDoor(home: string, action: DoorAction, purpose: Purpose, fromAfar = false): Promise<void> {
    if (isWorking(this.phone.door)) return;
    const offline = !navigator.onLine || this.phone.contact.is === "lost";
    const turn = ++this.turn;
    const wanted = (): boolean => turn === this.turn;
    const ear = { wanted, tell: (door: DoorAsked) => wanted() && this.send({ is: "door", door }) };
    const denied = await (fromAfar ? workFromAfar : work)({ home, action, purpose, offline }, crypto.randomUUID(), ear);
    if (denied) await this.endSession();
  }

  /** False: the phone can keep no more. */
  async state(what: What, about: string, text = ""): Promise<boolean> {
    const me = this.phone.me;
    if (!me) return false;
    // A glove taps twice: the same said again while it waits is said once.
    if (this.saying.has(what + about) || waitingAbout(this.phone.statements, about).some((one) => one.what === what)) return true;
    this.saying.add(what + about);
    try {
      return await this.keepStatement(me, what, about, text);
    } finally {
      this.saying.delete(what + about);
    }
  }

  private async keepStatement(me: Me, what: What, about: string, text: string): Promise<boolean> {
    const at = new Date().toISOString();
    return this.outbox.state({ key: crypto.randomUUID(), person: me.person, what, about, at, text, refused: null }).catch(() => false);
  }

  letGo(key: string): void {
    void this.outbox.letGo(key);
  }

  go(place: Place): void {
    if (place.at !== "today" && this.phone.place.at === "today") history.pushState(null, "");
    this.send({ is: "go", place });
  }

  /** The phone's own back button leads to the day. */
  back(): void {
    this.send({ is: "go", place: { at: "today" } });
  }

  /** What was kept is gone, sent or not; the session is ended now or as soon as there is a network. */
  async leave(): Promise<void> {
    localStorage.setItem(LEAVING, "1");
    this.closeFeed();
    this.noRole = false;
    this.send({ is: "signed out" });
    await this.finishLeaving();
  }

  /** Also what an app that was closed in the middle of it left undone. */
  private async finishLeaving(): Promise<void> {
    if (!localStorage.getItem(LEAVING)) return;
    await this.keep.wipe();
    await this.outbox.tell();
    const ended = await fetch("/api/v1/session", { method: "DELETE" }).catch(() => null);
    if (ended && ended.status < SERVER_FAULT) localStorage.removeItem(LEAVING);
  }

  /** The gateway lets nobody in any more: the day goes, what waits to be sent stays sealed for the same person. */
  private async endSession(): Promise<void> {
    this.closeFeed();
    await this.keep.forgetDay();
    this.ended = true;
    this.send({ is: "signed out" });
  }

  private async arriveFromKeep(): Promise<void> {
    const kept = await this.keep.day(Date.now());
    if (!kept) return;
    this.send({ is: "signed in", me: kept.me });
    this.send({ is: "today", today: kept.today, now: kept.heard, live: false });
    this.send({ is: "lost", since: kept.heard });
    this.listen();
  }

  private async showKept(person: string): Promise<void> {
    const kept = await this.keep.day(Date.now());
    if (kept?.me.person === person && !this.phone.today) this.send({ is: "today", today: kept.today, now: kept.heard, live: false });
  }

  private listen(): void {
    this.closeFeed();
    this.closeFeed = listenOnPhone({
      today: (today) => void this.hear(today),
      pulse: (at) => {
        this.send({ is: "pulse", at, now: Date.now() });
        const me = this.phone.me;
        if (me && this.phone.statements.length > 0) void this.outbox.flush(me.person);
      },
      lost: (since) => this.send({ is: "lost", since }),
      refused: (why) => {
        this.noRole = why === "no role";
        if (this.noRole) this.draw();
        else void this.endSession();
      },
    });
  }

  private async hear(today: Today): Promise<void> {
    const known = new Map(this.phone.today?.alerts.map((one) => [one.id, one.occurrences]));
    this.send({ is: "today", today, now: Date.now(), live: true });
    const rings = today.alerts.some((one) => one.response === "sent" && one.occurrences > (known.get(one.id) ?? 0));
    if (rings) this.ring();
    const me = this.phone.me;
    if (!me) return;
    void this.outbox.flush(me.person);
    if (this.waitingTag) void this.touch();
    await this.keep.keepDay({ me, today, heard: Date.now() }).catch(() => undefined);
  }

  /** Heard and felt for as long as an alarm waits for an answer. */
  private ring(): void {
    if (!callWaiting(dayOf(this.phone))) return;
    navigator.vibrate?.(BUZZ);
    this.sound.newCall();
  }

  private take(statement: Statement, value: unknown): void {
    if (ABOUT_VISITS.includes(statement.what)) {
      const answer = value as Visit | { readonly visit: Visit };
      this.send({ is: "visit", visit: "visit" in answer ? answer.visit : answer });
    } else if (ABOUT_CALLS.includes(statement.what) && value) this.send({ is: "call", call: value as Call });
  }

  private send(message: Message): void {
    this.phone = after(this.phone, message);
    this.draw();
  }

  private draw(): void {
    for (const listener of this.listeners) listener();
  }
}
