/** Signing in as a person: by passkey, by an invitation that makes one, or in a demonstration by choosing. */
import type { Said } from "./contract";
import type { OwnWords } from "./words/setting";

/** Milliseconds until an unanswered call is said to have failed. */
const ANSWER_LIMIT = 8_000;

export type Role = "caregiver" | "operator" | "coordinator" | "integrator" | "administrator";

/** Who the browser's session stands for. `how` is null for a holder of the token. */
export interface Me {
  readonly person: string;
  readonly display: string;
  readonly roles: Readonly<Record<string, readonly Role[]>>;
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

async function ask<Answer>(path: string, body?: object): Promise<Answer> {
  const response = await fetch(`/api/v1/${path}`, {
    method: body ? "POST" : "GET",
    headers: body ? { "Content-Type": "application/json" } : {},
    body: body ? JSON.stringify(body) : null,
    signal: AbortSignal.timeout(ANSWER_LIMIT),
    cache: "no-store",
  });
  const answer = (await response.json()) as { message?: Said };
  if (!response.ok) throw new Refused(answer.message ?? null);
  return answer as Answer;
}

/** Whoever is signed in in this browser, or null: nobody, or nothing was heard. */
export async function whoAmI(): Promise<Me | null> {
  return ask<Me>("session").catch(() => null);
}

/** Milliseconds between two questions, and how many: a gateway starts within seconds, and nobody reloads a page. */
const ASK_AGAIN = 1_000;
const ASKED_AT_MOST = 60;

/** How one may sign in here, asked until somebody answers; null: nothing was heard. */
export async function waysIn(): Promise<Ways | null> {
  for (let asked = 0; asked < ASKED_AT_MOST; asked += 1) {
    const ways = await ask<Ways>("session/ways").catch(() => null);
    if (ways !== null) return ways;
    await new Promise((again) => setTimeout(again, ASK_AGAIN));
  }
  return null;
}

export async function signOut(): Promise<void> {
  // A session that could not be ended here ends by itself; the screen is left either way.
  await fetch("/api/v1/session", { method: "DELETE" }).catch(() => undefined);
}

export function choose(person: string): Promise<Entered> {
  return entering(() => ask<Me>("session/demo", { person }));
}

export function signInByPasskey(): Promise<Entered> {
  return entering(async () => {
    const { options } = await ask<{ options: PublicKeyCredentialRequestOptionsJSON }>("session/passkey/options", {});
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
    const credential = (await navigator.credentials.get({ publicKey })) as PublicKeyCredential;
    return ask<Me>("session/passkey", { credential: credential.toJSON() });
  });
}

/** Makes a passkey for whoever was invited, and signs in with it. */
export function signInByInvitation(invitation: string): Promise<Entered> {
  return entering(async () => {
    const asked = { invitation };
    const { options } = await ask<{ options: PublicKeyCredentialCreationOptionsJSON }>("session/invitation/options", asked);
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
    const credential = (await navigator.credentials.create({ publicKey })) as PublicKeyCredential;
    return ask<Me>("session/invitation", { invitation, credential: credential.toJSON() });
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
  return Object.values(person.roles).some((held) => held.includes("operator") || held.includes("coordinator"));
}

/** What the municipality calls things; nothing where nothing was heard. */
export async function ownWords(headers: Headers): Promise<OwnWords> {
  const response = await fetch("/api/v1/words", { headers, signal: AbortSignal.timeout(ANSWER_LIMIT) }).catch(() => null);
  return response?.ok ? ((await response.json()) as OwnWords) : {};
}
