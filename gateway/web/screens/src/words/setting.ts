/** Words and numbers that differ between municipalities: the gateway says them, these stand until it has. */

export interface Setting {
  readonly resident: string;
  readonly alarm_centre: string;
  readonly lock: string;
  readonly coordinator: string;
  /** What to do when the desk does not work, as one instruction. */
  readonly reserve: string;
  /** The telephone number to call when the desk has no contact, as it is dialled; empty where none was stated. */
  readonly reserve_number: string;
  /** The telephone number of whoever helps staff at a door, as it is dialled; empty where none was stated. */
  readonly call_in: string;
}

/** A term as the gateway gives it. */
export type OwnWords = Readonly<Record<string, { readonly sv: string; readonly en: string }>>;

const SETTING: { readonly sv: Setting; readonly en: Setting } = {
  sv: {
    resident: "brukare",
    alarm_centre: "larmcentral",
    lock: "digitalt lås",
    coordinator: "samordnare",
    reserve: "Ring reservnumret och följ reservrutinen på papper.",
    reserve_number: "",
    call_in: "",
  },
  en: {
    resident: "client",
    alarm_centre: "alarm centre",
    lock: "digital lock",
    coordinator: "coordinator",
    reserve: "Phone the reserve number and follow the reserve routine on paper.",
    reserve_number: "",
    call_in: "",
  },
};

/** The municipality's words where it has its own, else the built-in ones. */
export function settingIn(language: "sv" | "en", own: OwnWords): Setting {
  const builtIn = SETTING[language];
  const said = (term: keyof Setting): string => own[term]?.[language] ?? builtIn[term];
  return {
    resident: said("resident"),
    alarm_centre: said("alarm_centre"),
    lock: said("lock"),
    coordinator: said("coordinator"),
    reserve: said("reserve"),
    reserve_number: said("reserve_number"),
    call_in: said("call_in"),
  };
}
