/** One question to the gateway: JSON there and back, answered soon or not at all. */

/** Milliseconds until an unanswered question is said to have failed: nobody at a desk or a door must wait in doubt. */
const ANSWER_LIMIT = 8_000;

/** What the gateway answered, whatever it was. */
export interface Answer {
  readonly ok: boolean;
  readonly status: number;
  readonly body: unknown;
}

export interface Asking {
  readonly headers?: Headers;
  readonly method?: string;
}

/** Asks below /api/v1, once; with a `body` it is a POST unless said otherwise. Null: nobody knows whether it was heard. */
export async function ask(path: string, body?: object, { headers = new Headers(), method }: Asking = {}): Promise<Answer | null> {
  if (body) headers.set("Content-Type", "application/json");
  try {
    const response = await fetch(`/api/v1/${path}`, {
      method: method ?? (body ? "POST" : "GET"),
      headers,
      body: body ? JSON.stringify(body) : null,
      signal: AbortSignal.timeout(ANSWER_LIMIT),
      cache: "no-store",
    });
    return { ok: response.ok, status: response.status, body: await response.json() };
  } catch {
    // Every way a fetch can fail means the same to a person: no answer came.
    return null;
  }
}
