/** Who sits at this desk, in this window only: the token and the demo name live in sessionStorage, nowhere else. */

export interface Session {
  readonly token: string;
  readonly operator: string;
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

export function knownToken(): string {
  return sessionStorage.getItem(TOKEN) ?? "";
}

export function knownSession(): Session | null {
  const operator = sessionStorage.getItem(OPERATOR) ?? "";
  return knownToken() && operator ? { token: knownToken(), operator } : null;
}

/** A name as the gateway takes it: composed, trimmed, nothing invisible in it; empty when nothing readable is left. */
export function readableName(text: string): string {
  return text.normalize("NFC").replace(/\p{C}/gu, "").trim();
}

export function keepSession(session: Session): void {
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

/** By what an alert says that this person has it. */
export function personOf(session: Session): string {
  return session.operator;
}

/** What every call carries. A header is Latin-1, a name is not: it travels percent-encoded. */
export function headersFor(session: Session): Headers {
  return new Headers({
    Authorization: `Bearer ${session.token}`,
    "X-Vaka-Operator": encodeURIComponent(session.operator),
  });
}
