/** Swedish that desk and phone share. The type of these words is what every other language must fill. */
import type { Language } from "./language";
import type { Setting } from "./setting";

export const bothSv = (setting: Setting) => ({
  language: "sv" as Language,
  otherLanguage: "English",
  appearance: "Utseende",
  noResident: `Okänd ${setting.resident}`,

  standing: {
    planned: "Planerat",
    started: "Pågår",
    ended: "Klart",
    partial: "Ofullständigt",
    declined: "Avböjt",
    no_entry: "Kommer inte in",
    cancelled: "Inställt",
  },

  condition: {
    help_call: "Anrop om hjälp",
    fall: "Fallarm",
    hazard: "Fara i hemmet",
    unreadable_alarm: "Larm som inte gick att läsa",
    equivocation: "Hemenheten motsäger sig",
    front_door_open_at_night: "Ytterdörren öppen på natten",
    inactivity: "Ingen rörelse på länge",
    device_silent: "Enhet har tystnat",
    device_refused: "Enhet som inte godtas",
    lock_failing: "Lås som inte öppnar",
    certificate_overdue: "Hemenhetens certifikat är för gammalt",
    edge_silent: "Hemenheten har tystnat",
    edge_revoked: "Hemenheten är spärrad",
  } as Record<string, string>,

  outcomes: ["Hjälpte upp efter fall", "Hjälp till toaletten", "Samtal, behövde ingen hjälp", "Ambulans tillkallad"],
});

export const signingInSv = {
  passkey: "Logga in med passkey",
  passkeysAt: "Passkey fungerar bara på den här adressen:",
  choose: "Demonstration: välj person",
  chooseHint: "Ingen kontrolleras. Skriv aldrig riktiga personuppgifter här.",
  ended: "Du är utloggad. Logga in igen.",
  stopped: "Inloggningen avbröts. Försök igen.",
  unheard: "Inget svar. Kontrollera nätet och försök igen.",
};

export type BothWords = ReturnType<typeof bothSv>;
export type SigningInWords = typeof signingInSv;

/** A visit that nobody has begun in time, and one whose planned time is over. */
export const delaySv = { late: "Försenat", missed: "Uteblivet" };
