/** Swedish for the coordinator's view of visits: plan against outcome. */
import { delaySv } from "./both_sv";
import { numberIn } from "./numbers";

const number = (n: number): string => numberIn("sv", n);

export const visitsSv = {
  views: { heading: "Vyer", alarms: "Larm", visits: "Besök", openings: (n: number) => (n === 1 ? "1 fjärröppning väntar" : `${number(n)} fjärröppningar väntar`) },

  visits: {
    heading: "Besök: plan och utfall",
    day: "Dag",
    days: { yesterday: "I går", today: "I dag", tomorrow: "I morgon" },
    dayOf: { yesterday: (date: string) => `Besök i går, ${date}`, today: (date: string) => `Dygnets besök, ${date}`, tomorrow: (date: string) => `Besök i morgon, ${date}` },
    export: "Spara som CSV",
    exportFailed: "Filen gick inte att hämta. Försök igen.",
    fileName: (date: string) => `besok-${date}.csv`,
    columns: ["Besök", "Från", "Till", "Namn", "Adress", "Planerad personal", "Läge", "Personal", "Startat", "Startat genom", "Avslutat", "Avslutat genom", "Kom inte in"],
    closedBadge: "Kom inte in, stängt",
    loading: "Hämtar …",
    unknown: "Vet ej – ingen kontakt. Besöken är inte hämtade.",
    asOf: (time: string) => `Så såg besöken ut ${time}. De kan ha ändrats sedan dess.`,
    choose: "Visa besök",
    choice: { all: "Alla", late: "Försenade", missed: "Uteblivna", under_way: "Pågår", done: "Klara" },
    none: "Inga besök är planerade för tiden.",
    noneChosen: "Inga sådana besök.",
    planned: "Planerat",
    byAlarm: "Larm, inte planerat",
    delay: delaySv,
    started: (time: string, how: string) => `startat ${time} (${how})`,
    ended: (time: string, how: string) => `avslutat ${time} (${how})`,
    noStart: "ingen start registrerad",
    proof: { door: "dörren", tag: "taggen", by_hand: "för hand" },
    clockSuspect: "telefonens klocka går fel",
    open: (n: number) => (n === 1 ? "1 öppet" : `${number(n)} öppna`),
    reserve: "Reservrutinen gäller tills någon stänger och skriver hur det gick.",
    stuckAt: "kommer inte in hos",
    since: (time: string) => `sedan ${time}`,
    couldNot: (time: string) => `kom inte in ${time}`,
    closed: (time: string, who: string) => `Stängt ${time} av ${who}`,
    closeIt: "Stäng …",
    howDidItGo: "Hur gick det?",
    howMissing: "Välj eller skriv hur det gick.",
    endings: ["Personalen kom in", "Ej hemma", "En kollega tog över", "Besöket flyttas"],
    close: "Stäng",
  },
};

export type VisitsWords = typeof visitsSv;
