/** Why the gateway lets nobody in: its answer to a read that carries nothing but who asks. */
import type { Problem, Said } from "../contract";

/** `token`: it no longer holds. `session`: the person is signed out. `name`: it cannot be used, `said` is why in the gateway's own words. */
export type Refusal = { readonly is: "token" | "session" } | { readonly is: "name"; readonly said: Said | null };

/** The refusal that the answer to a read is, or null for any other answer. */
export function refusalIn(status: number, body: unknown): Refusal | null {
  if (status === 401) return { is: "token" };
  return status === 422 ? { is: "name", said: (body as Partial<Problem> | null)?.message ?? null } : null;
}
