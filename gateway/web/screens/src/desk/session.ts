/**
 * Who sits at this desk. A person's session is the browser's own (a cookie that no script can read); a holder of the
 * token has it and a demo name in this window only, in sessionStorage and nowhere else.
 */

import type { Rights } from "../signing_in/may";

export interface Session {
  /** Empty: the browser's own session of a signed-in person. */
  readonly token: string;
  /** By what an alert says that this person has it: the pseudonym, or the name where nobody signs in. */
  readonly person: string;
  /** The name that colleagues see. */
  readonly operator: string;
  /** Whether nobody has checked who it is. */
  readonly unchecked: boolean;
  readonly may: Rights;
}

const TOKEN = "vaka.token";
const OPERATOR = "vaka.operator";
/** Characters; the gateway refuses a longer name. */
export const OPERATOR_LIMIT = 60;

/** Takes `#token=...` out of the address bar, so that it stays in no history, screenshot or bookmark. */
export function adoptTokenFromAddress(): void {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!token) return;
  sessionStorage.setItem(TOKEN, token);
  history.replaceState(null, "", location.pathname + location.search);
}

/** Takes `#invitation=...` out of the address bar; empty where nobody is invited. */
export function invitationFromAddress(): string {
  const invitation = new URLSearchParams(location.hash.slice(1)).get("invitation") ?? "";
  if (invitation) history.replaceState(null, "", location.pathname + location.search);
  return invitation;
}

export function knownToken(): string {
  return sessionStorage.getItem(TOKEN) ?? "";
}

export function knownSession(): Session | null {
  const operator = sessionStorage.getItem(OPERATOR) ?? "";
  return knownToken() && operator ? { token: knownToken(), person: operator, operator, unchecked: true, may: null } : null;
}

/** A name as the gateway takes it: composed, trimmed, nothing invisible in it; empty when nothing readable is left. */
export function readableName(text: string): string {
  return text.normalize("NFC").replace(/\p{C}/gu, "").trim();
}

export function keepSession(session: Session): void {
  if (!session.token) return;
  sessionStorage.setItem(TOKEN, session.token);
  sessionStorage.setItem(OPERATOR, session.operator);
}

export function forgetToken(): void {
  sessionStorage.removeItem(TOKEN);
}

export function forgetOperator(): void {
  sessionStorage.removeItem(OPERATOR);
}

export function forgetSession(): void {
  forgetToken();
  forgetOperator();
}

/** What every call carries. A header is Latin-1, a name is not: it travels percent-encoded. */
export function headersFor(session: Session): Headers {
  if (!session.token) return new Headers();
  return new Headers({
    Authorization: `Bearer ${session.token}`,
    "X-Vaka-Operator": encodeURIComponent(session.operator),
  });
}
