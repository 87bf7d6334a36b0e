/** English that desk and phone share. */
import type { BothWords, SigningInWords } from "./both_sv";
import type { Setting } from "./setting";

export const bothEn = (setting: Setting): BothWords => ({
  language: "en",
  otherLanguage: "Svenska",
  appearance: "Appearance",
  noResident: `Unknown ${setting.resident}`,

  standing: {
    planned: "Planned",
    started: "Under way",
    ended: "Done",
    partial: "Incomplete",
    declined: "Declined",
    no_entry: "Cannot get in",
    cancelled: "Cancelled",
  },

  condition: {
    help_call: "Call for help",
    fall: "Fall alarm",
    hazard: "Danger in the home",
    unreadable_alarm: "Alarm that could not be read",
    equivocation: "The home unit contradicts itself",
    front_door_open_at_night: "Front door open at night",
    inactivity: "No movement for long",
    device_silent: "Device gone silent",
    device_refused: "Device not believed",
    lock_failing: "Lock that does not open",
    certificate_overdue: "The home unit's certificate is too old",
    edge_silent: "Home unit gone silent",
    edge_revoked: "Home unit turned away",
  },

  outcomes: ["Helped up after a fall", "Help to the toilet", "A talk, no help needed", "Ambulance called"],
});

export const signingInEn: SigningInWords = {
  passkey: "Sign in with a passkey",
  passkeysAt: "Passkeys work at this address only:",
  choose: "Demonstration: choose a person",
  chooseHint: "Nobody is checked. Never enter real personal data here.",
  ended: "You are signed out. Sign in again.",
  stopped: "The sign-in was stopped. Try again.",
  unheard: "No answer. Check the network and try again.",
};

/** A visit that nobody has begun in time, and one whose planned time is over. */
export const delayEn = { late: "Late", missed: "Missed" };
