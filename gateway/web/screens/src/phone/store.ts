/** What the phone knows: a value, and how it follows from what comes in. Pure, so that it can be tested without a screen. */
import type { Command, DoorAction, Said } from "../contract";
import type { Me } from "../signing_in/signing_in";
import type { Call, TagAnswer, Today, Visit } from "./contract";
import { type Statement, withUnsent } from "./statement";

/** `live`: the day is current. `lost`: nothing was heard since (wall time, ms). */
export type Contact = { readonly is: "seeking" } | { readonly is: "live" } | { readonly is: "lost"; readonly since: number };

/**
 * What was asked of a door last. `offline`: nothing was sent. `unanswered`: nobody knows whether it was heard. `second`: a
 * remote opening waits for a second person; `no_second`: nobody agreed in time; `second_said_no`: somebody did not agree.
 */
export type DoorStage = Command["standing"] | "asking" | "offline" | "denied" | "unanswered" | "second" | "no_second" | "second_said_no";

export interface DoorAsked {
  readonly home: string;
  readonly action: DoorAction;
  readonly stage: DoorStage;
  readonly words: Said | null;
  readonly nextStep: Said | null;
  /** Who agreed to a remote opening, or did not; null where nobody was asked or has answered. */
  readonly second: string | null;
}

/** The person stood at this home's door; `until` by this phone's wall time, ms. */
export interface Proof {
  readonly home: string;
  readonly until: number;
}

/** A tag that was read: being asked about, or why it proves nothing. */
export type Reading =
  | { readonly is: "asking" }
  | { readonly is: "said"; readonly said: Said; readonly good: boolean }
  | { readonly is: "unreached" };

export type Place = { readonly at: "today" } | { readonly at: "visit" | "alert"; readonly id: string };

export interface Phone {
  readonly me: Me | null;
  readonly contact: Contact;
  readonly today: Today | null;
  /** Wall time of this phone (ms) when `today` was heard. */
  readonly heard: number;
  /** Gateway's clock minus this phone's, ms. */
  readonly clockLead: number;
  readonly statements: readonly Statement[];
  /** The visit that a tag told of before the day was heard. */
  readonly met: Visit | null;
  readonly place: Place;
  readonly proof: Proof | null;
  readonly reading: Reading | null;
  readonly door: DoorAsked | null;
}

export type Message =
  | { readonly is: "signed in"; readonly me: Me }
  | { readonly is: "signed out" }
  | { readonly is: "today"; readonly today: Today; readonly now: number; readonly live: boolean }
  | { readonly is: "pulse"; readonly at: string; readonly now: number }
  | { readonly is: "lost"; readonly since: number }
  | { readonly is: "statements"; readonly statements: readonly Statement[] }
  | { readonly is: "visit"; readonly visit: Visit }
  | { readonly is: "call"; readonly call: Call }
  | { readonly is: "go"; readonly place: Place }
  | { readonly is: "reading"; readonly reading: Reading | null }
  | { readonly is: "tag"; readonly answer: TagAnswer; readonly now: number }
  | { readonly is: "door"; readonly door: DoorAsked | null };

/** Milliseconds from a proof to the tap: below the gateway's two minutes, so that the button does not promise too much. */
export const PROOF_LIFE = 115_000;

export const EMPTY: Phone = {
  me: null,
  contact: { is: "seeking" },
  today: null,
  heard: 0,
  clockLead: 0,
  statements: [],
  met: null,
  place: { at: "today" },
  proof: null,
  reading: null,
  door: null,
};

/** One thing as the gateway says it is now; an older version changes nothing. */
function replaced<Thing extends { readonly id: string; readonly version: number }>(things: readonly Thing[], one: Thing): readonly Thing[] {
  const known = things.some((thing) => thing.id === one.id);
  return known ? things.map((thing) => (thing.id === one.id && thing.version <= one.version ? one : thing)) : [...things, one];
}

/** What is about another home than the one on the screen is put away. */
function gone(phone: Phone, place: Place): Phone {
  const same = place.at === phone.place.at && (place.at === "today" || (phone.place.at !== "today" && place.id === phone.place.id));
  return same ? phone : { ...phone, place, door: null, reading: null };
}

function tagged(phone: Phone, answer: TagAnswer, now: number): Phone {
  const seen: Phone = answer.visit && phone.today ? { ...phone, today: { ...phone.today, visits: replaced(phone.today.visits, answer.visit) } } : phone;
  const place: Place = answer.alert
    ? { at: "alert", id: answer.alert }
    : answer.visit
      ? { at: "visit", id: answer.visit.id }
      : { at: "today" };
  const proof = { home: answer.home, until: now + PROOF_LIFE };
  return { ...gone(seen, place), met: answer.visit, proof, reading: { is: "said", said: answer.words, good: true } };
}

export function after(phone: Phone, message: Message): Phone {
  switch (message.is) {
    case "signed in":
      return { ...phone, me: message.me };
    case "signed out":
      return { ...EMPTY, statements: phone.statements };
    case "today": {
      // What could not be asked without a network is asked again by whoever still wants it.
      const door = message.live && phone.door?.stage === "offline" ? null : phone.door;
      const heard = { ...phone, door, today: message.today, heard: message.now };
      return message.live ? { ...heard, contact: { is: "live" }, clockLead: Date.parse(message.today.at) - message.now } : heard;
    }
    case "pulse":
      return { ...phone, heard: message.now, clockLead: Date.parse(message.at) - message.now };
    case "lost":
      return { ...phone, contact: { is: "lost", since: message.since } };
    case "statements":
      return { ...phone, statements: message.statements };
    case "visit":
      return phone.today ? { ...phone, today: { ...phone.today, visits: replaced(phone.today.visits, message.visit) } } : phone;
    case "call":
      return phone.today ? { ...phone, today: { ...phone.today, alerts: replaced(phone.today.alerts, message.call) } } : phone;
    case "go":
      return gone(phone, message.place);
    case "reading":
      return { ...phone, reading: message.reading };
    case "tag":
      return tagged(phone, message.answer, message.now);
    case "door":
      return { ...phone, door: message.door, reading: null };
  }
}

/** The day with what the person said and the gateway has not heard. */
export function dayOf(phone: Phone): Today | null {
  return phone.today && withUnsent(phone.today, phone.statements);
}

/** The alarm that takes the screen: the newest that waits for this person's answer. */
export function callWaiting(today: Today | null): Call | null {
  return today?.alerts.find((call) => call.response === "sent") ?? null;
}

/** Whether this home's door is to be locked: its lock said so last, or it was opened here a moment ago. */
export function isUnlocked(phone: Phone, home: string): boolean {
  const asked = phone.door?.home === home && phone.door.stage === "done" ? phone.door : null;
  return asked ? asked.action !== "lock" : phone.today?.unlocked?.includes(home) === true; // a day that an older app kept says nothing of it
}

/** After such an end nobody knows how the bolt stands. */
const IN_DOUBT: readonly DoorStage[] = ["failed", "unknown", "unanswered"];

/** Whether the bolt may be out by what was asked here last: then it can be told to lock, whatever the lock said before. */
export function isInDoubt(phone: Phone, home: string): boolean {
  const asked = phone.door?.home === home ? phone.door : null;
  return asked !== null && asked.action !== "lock" && IN_DOUBT.includes(asked.stage);
}

/** Whether this home's door may be asked for: the person proved a moment ago to stand there. */
export function isAtDoor(phone: Phone, home: string, now: number): boolean {
  return phone.proof !== null && phone.proof.home === home && now < phone.proof.until;
}
