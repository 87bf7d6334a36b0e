/** Alerts to test with. */
import type { AlertView } from "../src/contract";

export function view(id: string, changes: Partial<AlertView> = {}): AlertView {
  return {
    id,
    home: "home-00000001",
    home_label: "Hem 1",
    address: "Exempelgatan 4",
    resident: "Asta Exempel",
    condition: "help_call",
    urgency: "call",
    subject: null,
    placement: "hall",
    occurred_at: "2026-01-10T01:10:00Z",
    raised_at: "2026-01-10T01:10:01Z",
    last_occurred_at: "2026-01-10T01:10:00Z",
    occurrences: 1,
    active: true,
    standing: "raised",
    version: 1,
    claimed_by: null,
    acknowledged_by: null,
    resolved_by: null,
    reason: null,
    redelivered: false,
    explanation: {},
    edge_silent_since: null,
    ...changes,
  };
}
