/** The phone's calls. Every outcome is a value; a door is asked once, never again by itself. */
import { ask } from "../ask";
import type { Command, DoorAction, Opening, Problem, Said } from "../contract";
import type { Me } from "../signing_in/signing_in";
import type { Purpose, TagAnswer } from "./contract";

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
  const answer = await ask(path, body);
  if (answer === null) return { is: "unreached" };
  if (answer.status === UNAUTHORISED) return { is: "denied" };
  if (answer.ok) return { is: "done", value: answer.body as Value };
  const said = (answer.body as Partial<Problem>).message ?? null;
  return { is: answer.status >= SERVER_FAULT || answer.status === TOO_MANY ? "later" : "refused", said };
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
