/** English, the desk's second language. */
import { bothEn, signingInEn } from "./both_en";
import { dayEn } from "./day_en";
import type { DeskWords } from "./desk_sv";
import { numberIn } from "./numbers";
import type { Setting } from "./setting";
import { visitsEn } from "./visits_en";

const number = (n: number): string => numberIn("en", n);
const again = (times: number): string => (times > 0 ? `, repeated ${times === 1 ? "once" : `${number(times)} times`}` : "");

export const deskEn = (setting: Setting): DeskWords => ({
  ...bothEn(setting),
  ...dayEn(setting),
  ...visitsEn,
  desk: "Alarm desk",
  skipToList: "Skip to the alarms",
  skipToVisits: "Skip to the visits",
  otherPaths: "Other paths of alarms",
  notTheOnlyPath:
    `Vaka stands beside the certified alarm chain and does not replace it. Always keep the ordinary path (${setting.alarm_centre}) running.`,

  signIn: {
    ...signingInEn,
    heading: "Who sits at the alarm desk?",
    demo: "This is a sign-in for demonstration. The name is not checked. Never enter real personal data here.",
    name: "Your demo name",
    nameHint: "Shown to colleagues when you take an alarm.",
    token: "Access code",
    tokenHint: "Whoever started the system has the code.",
    tokenRefused: "The access code is not valid. Ask for a new one and enter it here.",
    nameRefused: "The name cannot be used. Write another one.",
    enter: "Open the alarm desk",
    leave: "Change person",
    person: "Sign in",
    passkeyHint: "The computer asks for your finger, face or code.",
    byToken: "Sign in with an access code",
    invited: "Welcome to Vaka",
    invitedHint: "Make a passkey on this computer. It replaces passwords and can be made only once.",
    makePasskey: "Make a passkey",
    noDesk: (name: string) => `${name} is signed in, but the role has no alarm desk.`,
    signOut: "Sign out",
    role: {
      caregiver: "care staff",
      operator: "alarm operator",
      coordinator: setting.coordinator,
      integrator: "integrator",
      administrator: "administrator",
    } as Record<string, string>,
    at: (name) => `Demo: ${name}`,
  },

  contact: {
    live: (time) => `In contact. Last heard ${time}`,
    seeking: "Seeking contact …",
    seekingDetail: "The list is not fetched yet. It is not known whether there are alarms.",
    lost: "NO CONTACT",
    lostSince: (time, passed) => `Contact was lost at ${time}, ${passed} ago.`,
    neverHad: (passed) => `No contact for ${passed}.`,
    listOld: "The list may be old. New alarms are neither seen nor heard here.",
    doNow: "Do now:",
    steps: [setting.reserve, `Take the alarms on the ordinary path (${setting.alarm_centre}) until it says “In contact” here again.`, "Leave the window open: the desk keeps trying by itself."],
    callReserve: (number) => `Call ${number} now`,
    reserveNumber: setting.reserve_number,
    onPaper: "The number stands in the reserve routine on paper at the desk.",
    database: "Nothing can be saved right now",
    databaseDetail: `New alarms may be late, and alarms cannot be taken or closed. ${setting.reserve}`,
    broker: "The road from the homes is broken",
    brokerDetail: `Alarms from the homes do not get here right now. ${setting.reserve}`,
    bulk: "The watch stands still",
    bulkDetail: "Calls get here, but nobody watches open doors, missing movement or silent devices.",
  },

  sound: {
    turnOn: "Turn the sound on",
    off: "The sound is off",
    on: "The sound is on",
    test: "Try the sound",
    unavailable: "This computer cannot play sound",
    unheard: "THE SOUND IS OFF: alarms are not heard here",
    touch: "The browser lets sound through only after somebody has touched the page. Click anywhere or press M, and listen.",
    another: "Alarms are seen but not heard. Keep the screen in sight, or open the desk on a computer with a loudspeaker.",
  },

  overdue: {
    heading: "NOBODY HAS TAKEN THE ALARM",
    others: (n) => (n === 1 ? "one more waits" : `${number(n)} more wait`),
    show: "Show the alarm",
  },

  theme: { auto: "As the computer", light: "Light", dark: "Dark", contrast: "High contrast" },

  list: {
    calls: "Alarms",
    concerns: "Somebody should look",
    faults: "Technical alarms",
    count: (n) => `${number(n)} open`,
    untaken: (n) => `${number(n)} unanswered`,
    noCalls: "No open alarms in the list.",
    noConcerns: "Nothing in the list.",
    noFaults: "No technical alarms in the list.",
    unknown: "Unknown – no contact",
    unwatched: "Unknown – the watch stands still",
    asOf: (time) => `So the list stood at ${time}. It may be old.`,
    newest: "Newest press",
    newestHint: "Go to the alarm",
    show: "Show",
    hide: "Hide",
    showMore: (n) => `Show ${number(n)} more`,
    ended: "Just closed",
  },

  alert: {
    occurredAndRaised: (occurred, raised) => `pressed ${occurred}, received ${raised}`,
    happenedAndRaised: (occurred, raised) => `happened ${occurred}, received ${raised}`,
    raised: (time) => `received ${time}`,
    ago: (passed) => `${passed} ago`,
    presses: (n) => `${number(n)} presses`,
    times: (n) => `${number(n)} times`,
    lastPress: (time) => `last ${time}`,
    unanswered: "Unanswered",
    takenBy: (who) => `Taken by ${who}`,
    takenByMe: "Taken by you",
    theirs: (who) => `${who} has the alarm. Ask for it to be handed over, or wait until it is released.`,
    escalated: ({ step, repeated }) => (step > 1 ? `Escalated, step ${step}${again(repeated)}` : "Escalated"),
    responder: (who, standing) => `${who}: ${standing}`,
    beside: (who) => `Also on site: ${who}`,
    readBy: (who) => `Read by ${who}`,
    endedBy: (who) => `Closed by ${who}`,
    cleared: "Cleared",
    clearedHint: "So says the sensor. It does not mean that anybody has helped.",
    holds: "Ongoing",
    redelivered: "Sent again after an outage. It may be an old alarm.",
    redeliveredShort: "Sent again",
    missing: { in_service: "Not in service", consent_resident: "Consent is missing", consent_cohabitant: "A relative’s consent is missing" } as Record<string, string>,
    edgeSilent: (passed) => `The home unit has been silent for ${passed}`,
    noPlace: "Place unknown",
    reason: (text) => `Reason: ${text}`,
    select: "Choose an alarm in the list.",
    back: "Back to the list",
  },

  actions: {
    take: "Take the alarm",
    release: "Release the alarm",
    hand_over: "Hand over",
    call_back: "Call back",
    send: "Send the alarm",
    on_site: "On site",
    left: "Has left",
    outcome: "Outcome",
    acknowledge: "I have read it",
    resolve: "Close the alarm",
    busy: "Sending …",
    none: "The alarm is closed.",
    follow: "You can follow the alarms. Alarm operators take them.",
    offline: "No contact: alarms cannot be taken or closed from here.",
    reason: "Why is the alarm closed?",
    reasonHint: "Choose, or write in your own words. Write no personal numbers.",
    reasonMissing: "Write why the alarm is closed.",
    reasons: ["Help is on site", "Spoke with the person, needs no help", "Accidental press", "Test alarm", "Passed on another way"],
    confirm: "Close",
    whatDone: "Outcome: what was done?",
    outcomeHint: "Choose, or write in your own words. Write no personal numbers.",
    outcomeMissing: "Write what was done.",
    saveOutcome: "Save the outcome",
    goOn: "Yes, go on anyway",
    goOnWith: { resolve: "Yes, close it all the same", send: "Yes, send it all the same", hand_over: "Yes, hand it over all the same", release: "Yes, release it all the same" } as Readonly<Record<string, string>>,
    resolveUnlocked: "Yes, close it though the door is unlocked",
    cancel: "Cancel",
  },

  call: {
    number: (number) => `Call ${number}`,
    noLink: "No number is entered for the home.",
    result: "What came of the call?",
    reached: "Spoke with them",
    no_answer: "No answer",
    busy: "Busy",
  },

  people: {
    send: "Who shall go?",
    handOver: "Who takes over the alarm?",
    nobody: "Nobody is on duty to be chosen. Pass the alarm on another way.",
    failed: "The list could not be fetched. Try again, or pass the alarm on another way.",
  },

  opening: {
    heading: "Remote opening waiting",
    answered: "Remote opening",
    count: (n) => (n === 1 ? "1 question" : `${number(n)} questions`),
    hint: "If you approve, the door is unlocked at once. If you are not sure, call whoever asks first.",
    signIn: "Sign in as yourself to answer. An access code does not show who you are.",
    signInToAsk: "Sign in as yourself to ask for a remote opening. An access code does not show who you are.",
    wants: { unlock: "wants to unlock the door of", unlatch: "wants to open the door of" },
    forVisit: "for a visit",
    forAlert: (what) => `for the alarm ${what}`,
    forAnAlert: "for an alarm",
    askedAt: (time) => `asked ${time}`,
    validFor: (left) => `valid for ${left} more`,
    approve: "Approve",
    decline: "Do not approve",
    hide: "Hide",
    youApproved: "You approved.",
    youDeclined: "You did not approve. The door did not move.",
    unheard: "No answer. It is not certain that it was heard: look before you do it again.",
    remote: "Open or lock the door from afar",
    warning:
      `The door is unlocked without any of us there, for instance for an ambulance. One more must approve: another operator, whoever is ${setting.coordinator}, or whoever accepted the alarm. Both names are kept.`,
    ask: "Ask for a remote opening",
    lock: "Lock the door",
    waiting: "Waiting for one more to approve.",
    stillValid: (left) => `The question is valid for ${left} more.`,
    approvedBy: (who) => `${who} approved.`,
    declinedBy: (who) => `${who} did not approve. The door did not move.`,
    ranOut: "Nobody answered in time. The door did not move.",
    denied: {
      no_lock: "This home has no lock that can be opened from here.",
      no_grant: "You no longer have the alarm. Take it and ask again.",
    },
  },

  response: { sent: "waiting for an answer", accepted: "on the way", declined: "cannot go", on_site: "on site", left: "has left" },

  instruction: {
    heading: "Instruction for the home",
    none: "No instruction is written for the home.",
    change: "Change the instruction",
    text: "What is to be done when an alarm comes from the home?",
    link: "Number to the home (telephone, or sip:…)",
    save: "Save",
  },

  steps: {
    heading: "The case",
    escalated: "Escalated",
    rung: (time, { step, repeated }) => (step > 0 ? `${time}, step ${step} of the ladder${again(repeated)}` : time),
    calling: "On the phone",
    callingSince: (time, who) => `since ${time} (${who})`,
    called: "Called back",
    calledBack: (time, result, who) => `${time} ${result} (${who})`,
    sent: "Sent",
    sentTo: (time, who) => `${time} to ${who}`,
    since: (standing, time) => `${standing} ${time}`,
    hasLeft: (who) => `${who} has left`,
    outcome: "Outcome",
  },

  problem: {
    takenBy: (who) => `${who} already has the alarm. The list is up to date.`,
    newPress: (n) => `A new press has come: now ${number(n)}. Read the alarm again, then try.`,
    changed: "The alarm changed since you read it. Read it again, then try.",
    endedBy: (who, why) => `The alarm was already closed by ${who}: ${why}`,
    unreached: "No answer. It is uncertain whether it got through: look in the list before you repeat it.",
    refused: "It did not work.",
  },

  hazard: { smoke: "smoke", gas: "gas", carbon_monoxide: "carbon monoxide", heat: "heat" },

  why: {
    front_door_open_at_night: (time) => `Open since ${time}.`,
    inactivity: (time) => `No movement since ${time}.`,
    device_silent: (time) => `Not heard since ${time}.`,
    edge_silent: (time) => `Not heard since ${time}.`,
  },

  cause: {
    edge_revoked:
      "No home unit is enrolled in the home: no alarm from it arrives. Enrol a new home unit with a new code.",
    certificate_overdue: "Alarms still arrive. Enrol the home unit again with a new code.",
    edge_copied:
      "Two home units answer as this one: a restored memory card or a copied machine. Alarms from both are taken. " +
      "Find out which one stands in the home, turn the other one off and enrol the unit again.",
    counter_fell:
      "Not verified: the button's counter has fallen, as after a change of battery. It may also be an old press that " +
      "is played again. Answer it as every alarm, and then enrol the button again.",
    replay:
      "What the device says is refused: its counter has fallen, as after a change of battery. Its alarms are taken but " +
      "marked as not verified. Enrol the device again.",
    wrong_key: "What the device says is refused: it encrypts with another key than the one enrolled. Enrol it again.",
    downgrade:
      "What the device says is refused: it sends in the clear though it was enrolled with a key. Set it up again, or " +
      "replace it if nobody touched it.",
  },

  keys: {
    heading: "Keys",
    enabled: "Use the keys",
    move: "Next and previous alarm",
    open: "Open the alarm",
    back: "Back to the list",
    visits: "To the visits and back",
    openings: "To a remote opening that waits",
    faults: "Show or hide technical alarms",
    sound: "Turn on or try the sound",
  },

  spoken: {
    new: (what, who, where) => `New alarm: ${what}, ${who}, ${where}`,
    repeat: (what, who, n) => `Repeated alarm: ${what}, ${who}, ${number(n)} presses`,
    many: (n) => `${number(n)} alarms`,
    escalated: (what, who) => `Escalated, nobody has taken it: ${what}, ${who}`,
    declined: (responder, who) => `${responder} cannot go to ${who}`,
    opening: (who, where) => `Remote opening waiting: ${who}, ${where}`,
    noEntry: (who, where) => `${who} cannot get in at ${where}`,
    lost: "No contact. The list may be old.",
  },

  title: (untaken) => (untaken > 0 ? `(${untaken}) Alarms – Vaka` : "Alarm desk – Vaka"),
  titleLost: "NO CONTACT – Vaka",
});
