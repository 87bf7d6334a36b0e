/** Swedish, the phone's first language. The type of these words is what every other language must fill. */
import { bothSv, delaySv, signingInSv } from "./both_sv";
import type { Setting } from "./setting";

export const phoneSv = (setting: Setting) => ({
  ...bothSv(setting),
  theme: { auto: "Som telefonen", light: "Ljust", dark: "Mörkt", contrast: "Hög kontrast" },

  signIn: {
    ...signingInSv,
    heading: "Logga in",
    passkeyHint: "Telefonen frågar efter finger, ansikte eller kod.",
    tagWaits: "Taggen är läst. Logga in, så fortsätter du vid dörren.",
    noRole: (name: string) => `${name} är inloggad, men har inga besök här.`,
    opening: "Öppnar …",
  },

  callIn: { label: "Ring in", number: setting.call_in },

  signOut: {
    button: "Logga ut",
    unsent: (n: number) =>
      n === 1
        ? "En uppgift är inte skickad än. Loggar du ut nu försvinner den."
        : `${n} uppgifter är inte skickade än. Loggar du ut nu försvinner de.`,
    anyway: "Logga ut ändå",
    stay: "Stanna kvar",
  },

  contact: {
    live: "Kontakt",
    seeking: "Söker kontakt …",
    lost: "Ingen kontakt",
    lostDetail: (time: string) => `sedan ${time}. Nya larm och ändringar syns inte.`,
    neverHeard: "– dagen är inte hämtad än.",
    unsent: (n: number) => (n === 1 ? "1 sparat i telefonen, skickas sen" : `${n} sparade i telefonen, skickas sen`),
    sending: (n: number) => (n === 1 ? "Skickar 1 …" : `Skickar ${n} …`),
    saved: "Sparat i telefonen, skickas när nätet är tillbaka",
    full: "Telefonen kan inte spara mer. Skriv ner det på papper tills nätet är tillbaka.",
    keepsNothing: "Webbläsaren sparar inget. Stäng inte appen innan allt är skickat.",
    others: "Någon annan har uppgifter i telefonen som inte är skickade. Hen måste logga in här för att de ska skickas.",
  },

  refused: {
    heading: "Togs inte emot",
    noWords: "Det gick inte. Säg till den som planerar.",
    read: "Jag har läst",
    what: {
      start: "Starta besök",
      end: "Avsluta besök",
      cannot_get_in: "Kommer inte in",
      close: "Stäng Kommer inte in",
      accept: "Jag åker",
      decline: "Kan inte",
      on_site: "På plats",
      left: "Har lämnat hemmet",
      outcome: "Utfall",
    },
  },

  today: {
    heading: "I dag",
    visits: "Mina besök",
    none: "Inga besök i ditt arbetspass.",
    noneUnknown: "Vet ej om du har besök – ingen kontakt",
    calls: "Larm till dig",
    noTasks: "Inga uppgifter i planen.",
    with: (names: string) => `Med ${names}`,
    done: (n: number) => `Klara och inställda besök (${n})`,
    allDone: "Alla dina besök är klara.",
    back: "Tillbaka till I dag",
    goneVisit: "Besöket finns inte i din plan längre.",
    goneCall: "Larmet är avslutat eller skickat till någon annan.",
  },

  delay: delaySv,

  visit: {
    started: (time: string) => `Startat ${time}`,
    ended: (time: string) => `Avslutat ${time}`,
    start: "Starta besök",
    end: "Avsluta besök",
    cannotGetIn: "Kommer inte in",
    notMine: "Du kan läsa besöket. Det hör till en enhet där du inte längre arbetar som omsorgspersonal.",
    whyStart: "Varför startas besöket för hand?",
    whyEnd: "Varför avslutas besöket för hand?",
    startReasons: ["Blev insläppt", "Taggen går inte att läsa", "Öppnade med nyckel", "Glömde läsa taggen"],
    endReasons: ["Taggen går inte att läsa", "Låste med nyckel", "Glömde läsa taggen"],
    ownWords: "Annan orsak",
    ownWordsHint: "Skriv inte personnummer.",
    save: "Spara",
    cancel: "Avbryt",
  },

  noEntry: {
    heading: "Du kommer inte in",
    kept: "Det är noterat.",
    nextStep:
      "Stå kvar och ring in. De som svarar följer reservrutinen och ser att du inte kommer in. Är det fara för liv: ring 112.",
    close: "Stäng: hur gick det?",
    reasons: ["Jag kom in", "Ej hemma", "En kollega tog över"],
    closeLater: "Går att stänga när det är skickat.",
  },

  agree: {
    asks: (who: string) => `${who} på larmbordet vill fjärröppna dörren här. Godkänner du låses den upp direkt.`,
    validFor: (left: string) => `Gäller ${left} till.`,
    approve: "Godkänn fjärröppning",
    decline: "Godkänn inte",
    approved: "Du godkände. Dörren låses upp nu.",
    declined: "Du godkände inte. Dörren rörs inte.",
  },

  door: {
    unlock: "Lås upp",
    lock: "Lås",
    unlatch: "Öppna dörren",
    heading: "Dörren",
    leftUnlocked: "Dörren är inte låst.",
    again: "Håll telefonen mot taggen vid dörren för att låsa upp igen.",
    holdToTag: "Håll telefonen mot taggen vid dörren",
    thenUnlock: "Då kommer knappen Lås upp.",
    tooEarly: (time: string) => `Dörren går att låsa upp från ${time}.`,
    none: "Hemmet har inget lås som kan öppnas härifrån. Använd nyckeln.",
    more: "Dörren behöver dras upp",
    unlatchWarning: "Då står dörren öppen. Stå kvar vid dörren, och se till att ingen annan och inget husdjur tar sig ut.",
    noTag: "Taggen går inte att läsa",
    second: "Utan tagg kräver dörren två personer: en kollega eller larmoperatör måste godkänna inom fem minuter.",
    remote: "Be om fjärröppning",
    waiting: "Väntar på att någon godkänner.",
    waitingNext: "Ring in och be någon godkänna. Håll appen öppen.",
    agreed: (who: string) => `${who} godkände.`,
    saidNo: (who: string) => `${who} godkände inte. Dörren rördes inte.`,
    nobody: "Ingen svarade i tid. Dörren rördes inte.",
    nobodyNext: "Ring in och fråga igen.",
    asking: { unlock: "Låser upp … vänta", lock: "Låser … vänta", unlatch: "Öppnar … vänta" },
    passing: "Tid sedan dörren fick frågan",
    passed: (seconds: number, longest: number) => `${seconds} s. Svaret kommer inom ${longest} s.`,
    ifNothing: "Händer inget: stå kvar, känn på dörren och ring in.",
    offline: {
      unlock: "Dörren kan inte öppnas härifrån: telefonen har ingen kontakt. Inget är sparat och inget skickas senare.",
      lock: "Dörren kan inte låsas härifrån: telefonen har ingen kontakt. Inget är sparat och inget skickas senare.",
    },
    offlineNext: "Använd nyckeln, eller gå dit det finns nät och tryck igen.",
    unanswered: {
      unlock: "Vi vet inte om dörren låstes upp: inget svar kom.",
      lock: "Vi vet inte om dörren låstes: inget svar kom.",
      unlatch: "Vi vet inte om dörren öppnades: inget svar kom.",
    },
    unansweredNext: "Känn på dörren innan du trycker igen.",
    /** A visit has the button; an alarm has whoever sent it. */
    help: { visit: "Tryck Kommer inte in om du behöver hjälp.", alert: "Ring in om du behöver hjälp." },
    denied: "Det gick inte.",
    reading: "Läser taggen …",
    readingUnreached: "Taggen är läst, men inget svar kom. Kontrollera nätet och håll telefonen mot taggen igen.",
  },

  call: {
    heading: "Larm till dig",
    accept: "Jag åker",
    decline: "Kan inte",
    since: (time: string, passed: string) => `${time}, för ${passed} sedan`,
    presses: (n: number) => (n === 1 ? "1 tryckning" : `${n} tryckningar`),
    instruction: "Åtgärdsinstruktion",
    noInstruction: "Ingen åtgärdsinstruktion är skriven för hemmet.",
    standing: { sent: "Väntar på ditt svar", accepted: "På väg", declined: "Kan inte", on_site: "På plats", left: "Har lämnat hemmet" },
    closed: "Larmet är avslutat",
    closedNext: "Larmoperatören har avslutat larmet. Lås när du går, och tryck att du har lämnat hemmet.",
    onSite: "Jag är på plats",
    outcome: "Utfall",
    whatDone: "Utfall: vad gjordes?",
    outcomeHint: "Välj eller skriv med egna ord. Skriv inte personnummer.",
    missing: "Välj eller skriv vad som gjordes.",
    save: "Spara utfall",
    saved: (text: string) => `Utfall: ${text}`,
    left: "Jag har lämnat hemmet",
    more: (n: number) => (n === 1 ? "Ett larm till väntar på ditt svar" : `${n} larm till väntar på ditt svar`),
  },
});

export type PhoneWords = ReturnType<typeof phoneSv>;
