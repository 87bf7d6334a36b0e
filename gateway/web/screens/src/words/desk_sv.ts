/** Swedish, the desk's first language. The type of these words is what every other language must fill. */
import { bothSv, signingInSv } from "./both_sv";
import { daySv } from "./day_sv";
import { numberIn } from "./numbers";
import type { Setting } from "./setting";
import { visitsSv } from "./visits_sv";

const number = (n: number): string => numberIn("sv", n);
/** A step of the ladder, and how often it came again. */
interface Climbed {
  readonly step: number;
  readonly repeated: number;
}

const again = (times: number): string => (times > 0 ? `, upprepat ${times === 1 ? "en gång" : `${number(times)} gånger`}` : "");

export const deskSv = (setting: Setting) => ({
  ...bothSv(setting),
  ...daySv(setting),
  ...visitsSv,
  desk: "Larmbord",
  skipToList: "Hoppa till larmen",
  skipToVisits: "Hoppa till besöken",
  otherPaths: "Andra vägar för larm",
  notTheOnlyPath:
    `Vaka står bredvid den certifierade larmkedjan och ersätter den inte. Håll alltid den ordinarie vägen (${setting.alarm_centre}) igång.`,

  signIn: {
    ...signingInSv,
    heading: "Vem sitter vid larmbordet?",
    demo: "Detta är en inloggning för demonstration. Namnet kontrolleras inte. Skriv aldrig riktiga personuppgifter här.",
    name: "Ditt demonamn",
    nameHint: "Visas för kollegor när du tar ett larm.",
    token: "Åtkomstkod",
    tokenHint: "Den som startade systemet har koden.",
    tokenRefused: "Åtkomstkoden gäller inte. Be om en ny och skriv in den här.",
    nameRefused: "Namnet går inte att använda. Skriv ett annat.",
    enter: "Öppna larmbordet",
    leave: "Byt person",
    at: (name: string) => `Demo: ${name}`,
    person: "Logga in",
    passkeyHint: "Datorn frågar efter finger, ansikte eller kod.",
    byToken: "Logga in med åtkomstkod",
    invited: "Välkommen till Vaka",
    invitedHint: "Skapa en passkey på den här datorn. Den ersätter lösenord och går bara att skapa en gång.",
    makePasskey: "Skapa passkey",
    noDesk: (name: string) => `${name} är inloggad, men rollen har inget larmbord.`,
    signOut: "Logga ut",
    role: {
      caregiver: "omsorgspersonal",
      operator: "larmoperatör",
      coordinator: setting.coordinator,
      integrator: "integratör",
      administrator: "administratör",
    } as Record<string, string>,
  },

  contact: {
    live: (time: string) => `Kontakt. Senast hört ${time}`,
    seeking: "Söker kontakt …",
    seekingDetail: "Listan är inte hämtad än. Vet ej om det finns larm.",
    lost: "INGEN KONTAKT",
    lostSince: (time: string, passed: string) => `Tappade kontakten ${time}, för ${passed} sedan.`,
    neverHad: (passed: string) => `Har inte fått kontakt på ${passed}.`,
    listOld: "Listan kan vara gammal. Nya larm syns inte och hörs inte här.",
    doNow: "Gör nu:",
    steps: [setting.reserve, `Ta larmen på den ordinarie vägen (${setting.alarm_centre}) tills det står ”Kontakt” här igen.`, "Låt fönstret vara öppet: larmbordet försöker själv hela tiden."],
    callReserve: (number: string) => `Ring ${number} nu`,
    reserveNumber: setting.reserve_number,
    onPaper: "Numret står i reservrutinen på papper vid larmbordet.",
    database: "Det går inte att spara just nu",
    databaseDetail: `Nya larm kan dröja och det går inte att ta eller avsluta larm. ${setting.reserve}`,
    broker: "Vägen från hemmen är bruten",
    brokerDetail: `Larm från hemmen kommer inte fram hit just nu. ${setting.reserve}`,
    bulk: "Bevakningen står stilla",
    bulkDetail: "Anrop kommer fram, men ingen bevakar öppna dörrar, uteblivna rörelser eller tysta enheter.",
  },

  sound: {
    turnOn: "Slå på ljudet",
    off: "Ljudet är av",
    on: "Ljudet är på",
    test: "Prova ljudet",
    unavailable: "Den här datorn kan inte spela ljud",
    unheard: "LJUDET ÄR AV: larm hörs inte här",
    touch: "Webbläsaren släpper fram ljud först när någon har rört sidan. Klicka någonstans eller tryck M, och hör efter.",
    another: "Larm syns men hörs inte. Håll skärmen i sikte, eller öppna larmbordet på en dator med högtalare.",
  },

  overdue: {
    heading: "INGEN HAR TAGIT LARMET",
    others: (n: number) => (n === 1 ? "ett till väntar" : `${number(n)} till väntar`),
    show: "Visa larmet",
  },

  theme: { auto: "Som datorn", light: "Ljust", dark: "Mörkt", contrast: "Hög kontrast" },

  list: {
    calls: "Larm",
    concerns: "Behöver ses till",
    faults: "Driftlarm",
    count: (n: number) => (n === 1 ? "1 öppet" : `${number(n)} öppna`),
    untaken: (n: number) => (n === 1 ? "1 obesvarat" : `${number(n)} obesvarade`),
    noCalls: "Inga öppna larm i listan.",
    noConcerns: "Inget i listan.",
    noFaults: "Inga driftlarm i listan.",
    unknown: "Vet ej – ingen kontakt",
    unwatched: "Vet ej – bevakningen står stilla",
    asOf: (time: string) => `Så såg listan ut ${time}. Den kan vara gammal.`,
    newest: "Senaste tryckningen",
    newestHint: "Gå till larmet",
    show: "Visa",
    hide: "Dölj",
    showMore: (n: number) => `Visa ${number(n)} till`,
    ended: "Nyss avslutade",
  },

  alert: {
    occurredAndRaised: (occurred: string, raised: string) => `tryckt ${occurred}, mottaget ${raised}`,
    happenedAndRaised: (occurred: string, raised: string) => `hände ${occurred}, mottaget ${raised}`,
    raised: (time: string) => `mottaget ${time}`,
    ago: (passed: string) => `för ${passed} sedan`,
    presses: (n: number) => `${number(n)} tryckningar`,
    times: (n: number) => `${number(n)} gånger`,
    lastPress: (time: string) => `senast ${time}`,
    unanswered: "Obesvarat",
    takenBy: (who: string) => `Taget av ${who}`,
    takenByMe: "Taget av dig",
    theirs: (who: string) => `${who} har larmet. Be om att få det överlämnat, eller vänta tills det släpps.`,
    escalated: ({ step, repeated }: Climbed) => (step > 1 ? `Larmat vidare, steg ${step}${again(repeated)}` : "Larmat vidare"),
    responder: (who: string, standing: string) => `${who}: ${standing}`,
    beside: (who: string) => `Även på plats: ${who}`,
    readBy: (who: string) => `Läst av ${who}`,
    endedBy: (who: string) => `Avslutat av ${who}`,
    cleared: "Återställt",
    clearedHint: "Säger givaren. Det betyder inte att någon har hjälpt.",
    holds: "Pågår",
    redelivered: "Skickat igen efter en driftstörning. Det kan vara ett gammalt larm.",
    redeliveredShort: "Skickat igen",
    missing: { in_service: "Ej i drift", consent_resident: "Samtycke saknas", consent_cohabitant: "Samtycke saknas från närstående" } as Record<string, string>,
    edgeSilent: (passed: string) => `Hemenheten har varit tyst i ${passed}`,
    noPlace: "Plats okänd",
    reason: (text: string) => `Orsak: ${text}`,
    select: "Välj ett larm i listan.",
    back: "Tillbaka till listan",
  },

  actions: {
    take: "Ta larmet",
    release: "Släpp larmet",
    hand_over: "Lämna över",
    call_back: "Ring upp",
    send: "Skicka larmet",
    on_site: "På plats",
    left: "Har gått",
    outcome: "Utfall",
    acknowledge: "Jag har läst",
    resolve: "Avsluta larmet",
    busy: "Skickar …",
    none: "Larmet är avslutat.",
    follow: "Du kan följa larmen. Larmoperatörer tar dem.",
    offline: "Ingen kontakt: det går inte att ta eller avsluta larm härifrån.",
    reason: "Varför avslutas larmet?",
    reasonHint: "Välj eller skriv med egna ord. Skriv inte personnummer.",
    reasonMissing: "Skriv varför larmet avslutas.",
    reasons: ["Hjälp är på plats", "Talat med personen, behöver ingen hjälp", "Feltryck", "Provlarm", "Larmat vidare på annan väg"],
    confirm: "Avsluta",
    whatDone: "Utfall: vad gjordes?",
    outcomeHint: "Välj eller skriv med egna ord. Skriv inte personnummer.",
    outcomeMissing: "Skriv vad som gjordes.",
    saveOutcome: "Spara utfallet",
    goOn: "Ja, gå vidare ändå",
    goOnWith: { resolve: "Ja, avsluta ändå", send: "Ja, skicka ändå", hand_over: "Ja, lämna över ändå", release: "Ja, släpp ändå" } as Readonly<Record<string, string>>,
    resolveUnlocked: "Ja, avsluta fast dörren är olåst",
    cancel: "Avbryt",
  },

  call: {
    number: (number: string) => `Ring ${number}`,
    noLink: "Inget nummer är inlagt för hemmet.",
    result: "Vad gav samtalet?",
    reached: "Talkontakt",
    no_answer: "Svarar inte",
    busy: "Upptaget",
  },

  people: {
    send: "Vem ska åka?",
    handOver: "Vem tar över larmet?",
    nobody: "Ingen finns i tjänst att välja. Larma vidare på annan väg.",
    failed: "Listan gick inte att hämta. Försök igen, eller larma vidare på annan väg.",
  },

  opening: {
    heading: "Fjärröppning väntar",
    answered: "Fjärröppning",
    count: (n: number) => (n === 1 ? "1 fråga" : `${number(n)} frågor`),
    hint: "Godkänner du låses dörren upp direkt. Är du osäker: ring först upp den som frågar.",
    signIn: "Logga in som dig själv för att svara. Med åtkomstkod syns det inte vem du är.",
    signInToAsk: "Logga in som dig själv för att be om fjärröppning. Med åtkomstkod syns det inte vem du är.",
    wants: { unlock: "vill låsa upp hos", unlatch: "vill öppna dörren hos" } as Record<string, string>,
    forVisit: "för ett besök",
    forAlert: (what: string) => `för larmet ${what}`,
    forAnAlert: "för ett larm",
    askedAt: (time: string) => `frågade ${time}`,
    validFor: (left: string) => `gäller ${left} till`,
    approve: "Godkänn",
    decline: "Godkänn inte",
    hide: "Dölj",
    youApproved: "Du godkände.",
    youDeclined: "Du godkände inte. Dörren rördes inte.",
    unheard: "Inget svar. Det är osäkert om det gick fram: se efter innan du gör om.",
    remote: "Fjärröppna eller låsa dörren",
    warning:
      `Dörren låses upp utan att någon av oss är där, till exempel för ambulans. En till måste godkänna: en annan larmoperatör, den som är ${setting.coordinator} eller den som har tagit emot larmet. Båda namnen sparas.`,
    ask: "Be om fjärröppning",
    lock: "Lås dörren",
    waiting: "Väntar på att en till godkänner.",
    stillValid: (left: string) => `Frågan gäller ${left} till.`,
    approvedBy: (who: string) => `${who} godkände.`,
    declinedBy: (who: string) => `${who} godkände inte. Dörren rördes inte.`,
    ranOut: "Ingen svarade i tid. Dörren rördes inte.",
    denied: {
      no_lock: "Hemmet har inget lås som kan öppnas härifrån.",
      no_grant: "Du har inte larmet längre. Ta larmet och be igen.",
    } as Record<string, string>,
  },

  response: { sent: "väntar på svar", accepted: "på väg", declined: "kan inte", on_site: "på plats", left: "har gått" },

  instruction: {
    heading: "Åtgärdsinstruktion",
    none: "Ingen åtgärdsinstruktion är skriven för hemmet.",
    change: "Ändra instruktionen",
    text: "Vad ska göras när larm kommer från hemmet?",
    link: "Nummer till hemmet (telefon, eller sip:…)",
    save: "Spara",
  },

  steps: {
    heading: "Larmärendet",
    escalated: "Larmat vidare",
    rung: (time: string, { step, repeated }: Climbed) => (step > 0 ? `${time}, larmordningens steg ${step}${again(repeated)}` : time),
    calling: "I samtal",
    callingSince: (time: string, who: string) => `sedan ${time} (${who})`,
    called: "Ring upp",
    calledBack: (time: string, result: string, who: string) => `${time} ${result} (${who})`,
    sent: "Skickat",
    sentTo: (time: string, who: string) => `${time} till ${who}`,
    since: (standing: string, time: string) => `${standing} ${time}`,
    hasLeft: (who: string) => `${who} har gått`,
    outcome: "Utfall",
  },

  problem: {
    takenBy: (who: string) => `${who} har redan larmet. Listan är uppdaterad.`,
    newPress: (n: number) => `Det har kommit en ny tryckning: nu ${number(n)}. Läs larmet igen och försök sedan.`,
    changed: "Larmet har ändrats sedan du läste det. Läs igen och försök sedan.",
    endedBy: (who: string, why: string) => `Larmet är redan avslutat av ${who}: ${why}`,
    unreached: "Inget svar. Det är osäkert om det gick fram: se efter i listan innan du gör om.",
    refused: "Det gick inte.",
  },

  hazard: { smoke: "rök", gas: "gas", carbon_monoxide: "koloxid", heat: "hetta" } as Record<string, string>,

  why: {
    front_door_open_at_night: (time) => `Öppen sedan ${time}.`,
    inactivity: (time) => `Ingen rörelse sedan ${time}.`,
    device_silent: (time) => `Inte hörd sedan ${time}.`,
    edge_silent: (time) => `Inte hörd sedan ${time}.`,
  } as Record<string, (time: string) => string>,

  cause: {
    edge_revoked:
      "Ingen hemenhet är inskriven i hemmet: inga larm därifrån kommer fram. Skriv in en ny hemenhet med en ny kod.",
    certificate_overdue: "Larmen kommer fram ändå. Skriv in hemenheten på nytt med en ny kod.",
    edge_copied:
      "Två hemenheter svarar som samma: ett återställt minneskort eller en kopierad dator. Larm från båda tas emot. " +
      "Ta reda på vilken som står i hemmet, stäng av den andra och skriv in enheten på nytt.",
    counter_fell:
      "Ej verifierat: knappens räknare har fallit, som efter ett batteribyte. Det kan också vara en gammal tryckning " +
      "som spelas upp igen. Svara som på varje larm, och skriv sedan in knappen på nytt.",
    replay:
      "Det enheten säger godtas inte: dess räknare har fallit, som efter ett batteribyte. Larm från den tas emot men " +
      "märks som ej verifierade. Skriv in enheten på nytt.",
    wrong_key: "Det enheten säger godtas inte: den krypterar med en annan nyckel än den inskrivna. Skriv in den på nytt.",
    downgrade:
      "Det enheten säger godtas inte: den sänder okrypterat fast den skrevs in med nyckel. Ställ in den på nytt, " +
      "eller byt den om ingen har rört den.",
  } as Record<string, string>,

  keys: {
    heading: "Tangenter",
    enabled: "Använd tangenterna",
    move: "Nästa och föregående larm",
    open: "Öppna larmet",
    back: "Tillbaka till listan",
    visits: "Till besöken och tillbaka",
    openings: "Till fjärröppning som väntar",
    faults: "Visa eller dölj driftlarm",
    sound: "Slå på eller prova ljudet",
  },

  spoken: {
    new: (what: string, who: string, where: string) => `Nytt larm: ${what}, ${who}, ${where}`,
    repeat: (what: string, who: string, n: number) => `Upprepat larm: ${what}, ${who}, ${number(n)} tryckningar`,
    many: (n: number) => `${number(n)} larm`,
    escalated: (what: string, who: string) => `Larmas vidare, ingen har tagit det: ${what}, ${who}`,
    declined: (responder: string, who: string) => `${responder} kan inte åka till ${who}`,
    opening: (who: string, where: string) => `Fjärröppning väntar: ${who}, ${where}`,
    noEntry: (who: string, where: string) => `${who} kommer inte in hos ${where}`,
    lost: "Ingen kontakt. Listan kan vara gammal.",
  },

  title: (untaken: number) => (untaken > 0 ? `(${number(untaken)}) Larm – Vaka` : "Larmbord – Vaka"),
  titleLost: "INGEN KONTAKT – Vaka",
});

export type DeskWords = ReturnType<typeof deskSv>;
