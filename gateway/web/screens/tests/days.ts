/** Days as the gateway sends them to a phone. */
import type { Call, Today, Visit } from "../src/phone/contract";
import type { Statement, What } from "../src/phone/statement";

export function visit(id: string, more: Partial<Visit> = {}): Visit {
  const base = { unit: "unit-0001", home: `home-${id}`, label: "", address: "", resident: "", people: [], tasks: [], started_at: null, ended_at: null };
  return { id, ...base, from: "2026-11-22T20:00:00Z", until: "2026-11-22T20:30:00Z", standing: "planned", version: 1, door: true, unlatch: false, delay: null, ...more };
}

export function call(id: string, more: Partial<Call> = {}): Call {
  const base = { home: `home-${id}`, label: "", address: "", resident: "", condition: "help_call", occurrences: 1, instruction: null };
  return { id, ...base, occurred_at: "2026-11-22T20:00:00Z", response: "sent", outcome: null, version: 1, door: true, unlatch: false, closed: false, ...more };
}

export function day(visits: readonly Visit[], alerts: readonly Call[] = []): Today {
  return { person: "karin", name: "Karin", at: "2026-11-22T20:00:00Z", visits, alerts, no_entries: [], unlocked: [] };
}

export function statement(key: string, what: What, about: string, more: Partial<Statement> = {}): Statement {
  return { key, person: "karin", what, about, at: "2026-11-22T20:01:00Z", text: "", refused: null, ...more };
}
