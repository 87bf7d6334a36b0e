/** Signing in as a person: by passkey, by an invitation that makes one, or in a demonstration by choosing. */
import { type Answer, ask } from "../ask";
import type { Said } from "../contract";
import type { OwnWords } from "../words/setting";
import { type May, mayAnywhere } from "./may";

const SERVER_FAULT = 500;

export type Role = "caregiver" | "operator" | "coordinator" | "integrator" | "administrator";

/** Who the browser's session stands for. `how` is null for a holder of the token. */
export interface Me {
  readonly person: string;
  readonly display: string;
  readonly roles: Readonly<Record<string, readonly Role[]>>;
  readonly may: readonly May[];
  readonly how: "passkey" | "demonstration" | null;
}

export type Choice = Omit<Me, "how">;

/** `passkeys_at` is the only address at which passkeys work; `demonstration` is empty where nothing is demonstrated. */
export interface Ways {
  readonly passkeys_at: string;
  readonly demonstration: readonly Choice[];
}

/** `stopped`: the person closed the browser's own question. `failed` says why, null when nothing was heard. */
export type Entered =
  | { readonly is: "in"; readonly me: Me }
  | { readonly is: "stopped" }
  | { readonly is: "failed"; readonly said: Said | null };

class Refused extends Error {
  constructor(readonly said: Said | null) {
    super();
  }
}

/** Its answer; throws `Refused` where the gateway says no, and where nothing was heard. */
async function asked<Answer>(path: string, body?: object): Promise<Answer> {
  const answer = await ask(path, body);
  if (!answer?.ok) throw new Refused((answer?.body as { message?: Said } | undefined)?.message ?? null);
  return answer.body as Answer;
}

/** Milliseconds between two questions, and how many: a gateway starts within seconds, and nobody reloads a page. */
const ASK_AGAIN = 1_000;
const ASKED_AT_MOST = 60;

/** The answer to a question that is asked until somebody answers, or nobody waits any more; null: nobody did. */
async function answered(path: string, leaving: AbortSignal, headers = new Headers()): Promise<Answer | null> {
  for (let times = 0; times < ASKED_AT_MOST && !leaving.aborted; times += 1) {
    const answer = await ask(path, undefined, { headers });
    if (answer !== null && answer.status < SERVER_FAULT) return answer;
    await new Promise((again) => setTimeout(again, ASK_AGAIN));
  }
  return null;
}

/** Whoever is signed in in this browser, or null: nobody, or nothing was heard. */
export async function whoAmI(leaving: AbortSignal, headers = new Headers()): Promise<Me | null> {
  const answer = await answered("session", leaving, headers);
  return answer?.ok ? (answer.body as Me) : null;
}

/** How one may sign in here; null: nothing was heard. */
export async function waysIn(leaving: AbortSignal): Promise<Ways | null> {
  const answer = await answered("session/ways", leaving);
  return answer?.ok ? (answer.body as Ways) : null;
}

export async function signOut(): Promise<void> {
  // A session that could not be ended here ends by itself; the screen is left either way.
  await fetch("/api/v1/session", { method: "DELETE" }).catch(() => undefined);
}

export function choose(person: string): Promise<Entered> {
  return entering(() => asked<Me>("session/demo", { person }));
}

export function signInByPasskey(): Promise<Entered> {
  return entering(async () => {
    const { options } = await asked<{ options: PublicKeyCredentialRequestOptionsJSON }>("session/passkey/options", {});
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
    const credential = (await navigator.credentials.get({ publicKey })) as PublicKeyCredential;
    return asked<Me>("session/passkey", { credential: credential.toJSON() });
  });
}

/** Makes a passkey for whoever was invited, and signs in with it. */
export function signInByInvitation(invitation: string): Promise<Entered> {
  return entering(async () => {
    const { options } = await asked<{ options: PublicKeyCredentialCreationOptionsJSON }>("session/invitation/options", { invitation });
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
    const credential = (await navigator.credentials.create({ publicKey })) as PublicKeyCredential;
    return asked<Me>("session/invitation", { invitation, credential: credential.toJSON() });
  });
}

async function entering(enter: () => Promise<Me>): Promise<Entered> {
  try {
    return { is: "in", me: await enter() };
  } catch (error) {
    if (error instanceof Refused) return { is: "failed", said: error.said };
    // NotAllowedError: the person said no, or took too long; every other error means that nothing was heard.
    return error instanceof DOMException && error.name === "NotAllowedError" ? { is: "stopped" } : { is: "failed", said: null };
  }
}

/** Whether somebody may see the list of alarms. */
export function mayWatch(person: Choice): boolean {
  return mayAnywhere(person.may, "alert.read");
}

/** What the municipality calls things, and the number to call without contact; null: nothing was heard. */
export async function ownWords(leaving: AbortSignal, headers = new Headers()): Promise<OwnWords | null> {
  const answer = await answered("words", leaving, headers);
  return answer?.ok ? (answer.body as OwnWords) : null;
}
