/** What the gateway says under /api/v1 to desk and phone alike. Times are RFC 3339 text with Z. */

export type VisitStanding = "planned" | "started" | "ended" | "partial" | "declined" | "no_entry" | "cancelled";
export type ResponseStanding = "sent" | "accepted" | "declined" | "on_site" | "left";

/** The gateway's own plain words. */
export interface Said {
  readonly sv: string;
  readonly en: string;
}

/** Why something did not happen. */
export interface Problem {
  readonly kind: string;
  readonly message?: Said;
  readonly hint?: string;
}

export type DoorAction = "unlock" | "lock" | "unlatch";
export type CommandStanding = "issued" | "sent" | "taken" | "done" | "failed" | "refused" | "unknown";

/** What became of a door that was asked for; `final`: it stays so. */
export interface Command {
  readonly command: string;
  readonly action: DoorAction;
  readonly standing: CommandStanding;
  readonly final: boolean;
  readonly words: Said;
  readonly next_step: Said;
}

/** A remote opening: `person` asks by name, a second person answers. `second` is the name of whoever did. */
export interface Opening {
  readonly opening: string;
  readonly home: string;
  readonly home_label: string;
  readonly resident: string;
  readonly address: string;
  readonly person: string;
  readonly action: DoorAction;
  readonly purpose: "visit" | "alert";
  readonly purpose_id: string;
  readonly standing: "waiting" | "approved" | "declined" | "over";
  readonly asked_at: string;
  readonly expires_at: string;
  readonly second: string | null;
  readonly command: string | null;
}
