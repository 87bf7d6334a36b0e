/** The phone's calls. Every outcome is a value; a door is asked once, never again by itself. */
import type { Problem, Said } from "../contract";
import type { Me } from "../signing_in";
import type { Command, DoorAction, Opening, Purpose, TagAnswer } from "./contract";

/** Milliseconds until an unanswered call is said to have failed: whoever stands at a door must not wait in doubt. */
const ANSWER_LIMIT = 8_000;
const UNAUTHORISED = 401;
const TOO_MANY = 429;
const SERVER_FAULT = 500;

/**
 * `refused`: the gateway heard and says no. `later`: it heard and cannot now. `unreached`: nobody knows whether it
 * heard. `denied`: nobody is signed in.
 */
export type Outcome<Value> =
  | { readonly is: "done"; readonly value: Value }
  | { readonly is: "refused"; readonly said: Said | null }
  | { readonly is: "later"; readonly said: Said | null }
  | { readonly is: "unreached" }
  | { readonly is: "denied" };

export async function call<Value>(path: string, body?: object): Promise<Outcome<Value>> {
  try {
    const response = await fetch(`/api/v1/${path}`, {
      method: body ? "POST" : "GET",
      headers: body ? { "Content-Type": "application/json" } : {},
      body: body ? JSON.stringify(body) : null,
      signal: AbortSignal.timeout(ANSWER_LIMIT),
      cache: "no-store",
    });
    if (response.status === UNAUTHORISED) return { is: "denied" };
    const answer: unknown = await response.json();
    if (response.ok) return { is: "done", value: answer as Value };
    const said = (answer as Partial<Problem>).message ?? null;
    return { is: response.status >= SERVER_FAULT || response.status === TOO_MANY ? "later" : "refused", said };
  } catch {
    // Every way a fetch can fail means the same to the person: no answer came.
    return { is: "unreached" };
  }
}

export function whoIsSignedIn(): Promise<Outcome<Me>> {
  return call("session");
}

/** `address` is the whole address that the tag gave. */
export function readTag(address: string): Promise<Outcome<TagAnswer>> {
  return call("phone/tag", { url: address });
}

/** `key` makes it one wish however often the network repeats it. */
export function askDoor(home: string, action: DoorAction, purpose: Purpose, key: string): Promise<Outcome<Command>> {
  return call(`phone/doors/${encodeURIComponent(home)}/open`, { action, purpose, key });
}

/** Asks for a second person who agrees. */
export function askFromAfar(home: string, purpose: Purpose, key: string): Promise<Outcome<Opening>> {
  return call(`phone/doors/${encodeURIComponent(home)}/remote`, { action: "unlock", purpose, key });
}

export function openingAsItStands(opening: string): Promise<Outcome<Opening>> {
  return call(`phone/openings/${encodeURIComponent(opening)}`);
}

/** What others ask for alarms that I have accepted. */
export function openingsToAgree(): Promise<Outcome<readonly Opening[]>> {
  return call("phone/openings");
}

export function approveOpening(opening: string): Promise<Outcome<Command>> {
  return call(`doors/openings/${encodeURIComponent(opening)}/approve`, {});
}

export function declineOpening(opening: string): Promise<Outcome<Opening>> {
  return call(`doors/openings/${encodeURIComponent(opening)}/decline`, {});
}

export function commandAsItStands(command: string): Promise<Outcome<Command>> {
  return call(`phone/commands/${encodeURIComponent(command)}`);
}
