/** Words and numbers that differ between municipalities: one row each, replaced here and nowhere else. */
export interface Setting {
  readonly resident: string;
  readonly alarmCentre: string;
  readonly lock: string;
  /** What to do when the desk does not work, as one instruction. */
  readonly reserve: string;
}

export const SETTING: { readonly sv: Setting; readonly en: Setting } = {
  sv: {
    resident: "brukare",
    alarmCentre: "larmcentral",
    lock: "digitalt lås",
    reserve: "Ring larmcentralens reservnummer och följ reservrutinen på papper.",
  },
  en: {
    resident: "client",
    alarmCentre: "alarm centre",
    lock: "digital lock",
    reserve: "Phone the alarm centre's reserve number and follow the reserve routine on paper.",
  },
};
