/** English, the phone's second language. */
import { bothEn, signingInEn } from "./both_en";
import type { PhoneWords } from "./phone_sv";
import type { Setting } from "./setting";

export const phoneEn = (setting: Setting): PhoneWords => ({
  ...bothEn(setting),
  theme: { auto: "As the phone", light: "Light", dark: "Dark", contrast: "High contrast" },

  signIn: {
    ...signingInEn,
    heading: "Sign in",
    passkeyHint: "The phone asks for a finger, a face or a code.",
    tagWaits: "The tag has been read. Sign in, and you go on at the door.",
    noRole: (name: string) => `${name} is signed in, but has no visits here.`,
    opening: "Opening …",
  },

  callIn: { label: "Call in", number: setting.call_in },

  signOut: {
    button: "Sign out",
    unsent: (n: number) =>
      n === 1 ? "One entry has not been sent yet. If you sign out now it is lost." : `${n} entries have not been sent yet. If you sign out now they are lost.`,
    anyway: "Sign out anyway",
    stay: "Stay",
  },

  contact: {
    live: "Connected",
    seeking: "Connecting …",
    lost: "No connection",
    lostDetail: (time: string) => `since ${time}. New alarms and changes are not shown.`,
    neverHeard: "– the day has not been fetched yet.",
    unsent: (n: number) => `${n} saved in the phone, sent later`,
    sending: (n: number) => (n === 1 ? "Sending 1 …" : `Sending ${n} …`),
    saved: "Saved in the phone, sent when the network is back",
    full: "The phone can save no more. Write it down on paper until the network is back.",
    keepsNothing: "The browser saves nothing. Do not close the app before everything is sent.",
    others: "Somebody else has entries in this phone that are not sent. They must sign in here for them to be sent.",
  },

  refused: {
    heading: "Was not accepted",
    noWords: "It did not work. Tell whoever plans the visits.",
    read: "I have read it",
    what: {
      start: "Start visit",
      end: "End visit",
      cannot_get_in: "Cannot get in",
      close: "Close Cannot get in",
      accept: "I am going",
      decline: "I cannot",
      on_site: "On site",
      left: "Has left the home",
      outcome: "Outcome",
    },
  },

  today: {
    heading: "Today",
    visits: "My visits",
    none: "No visits in your shift.",
    noneUnknown: "Unknown whether you have visits – no connection",
    calls: "Alarms to you",
    noTasks: "No tasks in the plan.",
    with: (names: string) => `With ${names}`,
    back: "Back to Today",
    goneVisit: "The visit is not in your plan any more.",
    goneCall: "The alarm is closed or was sent to somebody else.",
  },

  standing: {
    planned: "Planned",
    started: "Under way",
    ended: "Done",
    partial: "Incomplete",
    declined: "Declined",
    no_entry: "Cannot get in",
    cancelled: "Cancelled",
  },

  visit: {
    started: (time: string) => `Started ${time}`,
    ended: (time: string) => `Ended ${time}`,
    start: "Start visit",
    end: "End visit",
    cannotGetIn: "Cannot get in",
    whyStart: "Why is the visit started by hand?",
    whyEnd: "Why is the visit ended by hand?",
    startReasons: ["Was let in", "The tag cannot be read", "Opened with a key", "Forgot to read the tag"],
    endReasons: ["The tag cannot be read", "Locked with a key", "Forgot to read the tag"],
    ownWords: "Another reason",
    ownWordsHint: "Do not write personal numbers.",
    save: "Save",
    cancel: "Cancel",
  },

  noEntry: {
    heading: "You cannot get in",
    kept: "It is noted.",
    nextStep:
      "Stay there and call in. Those who answer run the fallback routine and see that you cannot get in. If a life is in danger: call 112.",
    close: "Close: how did it go?",
    reasons: ["I got in", "Not at home", "A colleague took over"],
    closeLater: "Can be closed once it is sent.",
  },

  agree: {
    asks: (who) => `${who} at the desk wants to open this door from afar. If you approve, it is unlocked at once.`,
    validFor: (left) => `Valid for ${left} more.`,
    approve: "Approve the remote opening",
    decline: "Do not approve",
    approved: "You approved. The door is being unlocked.",
    declined: "You did not approve. The door does not move.",
  },

  door: {
    unlock: "Unlock",
    lock: "Lock",
    unlatch: "Open the door",
    heading: "The door",
    again: "Hold the phone to the tag at the door to unlock again.",
    holdToTag: "Hold the phone to the tag at the door",
    thenUnlock: "Then the button Unlock appears.",
    tooEarly: (time: string) => `The door can be unlocked from ${time}.`,
    none: "This home has no lock that can be opened from here. Use the key.",
    more: "The door must be pulled open",
    unlatchWarning: "The door then stands open. Stay at the door, and see that nobody else and no pet gets out.",
    noTag: "The tag cannot be read",
    second: "Without the tag the door takes two people: a colleague or an alarm operator must agree within five minutes.",
    remote: "Ask for a remote opening",
    waiting: "Waiting for somebody to agree.",
    waitingNext: "Call in and ask somebody to agree. Keep the app open.",
    agreed: (who) => `${who} approved.`,
    saidNo: (who) => `${who} did not approve. The door did not move.`,
    nobody: "Nobody answered in time. The door did not move.",
    nobodyNext: "Call in and ask again.",
    asking: { unlock: "Unlocking … wait", lock: "Locking … wait", unlatch: "Opening … wait" },
    offline: "The door cannot be opened from here: the phone has no connection. Nothing is saved and nothing is sent later.",
    offlineNext: "Use the key, or go where there is a network and press again.",
    unanswered: "We do not know whether the door did it: no answer came.",
    unansweredNext: "Try the handle before you press again.",
    help: { visit: "Press Cannot get in if you need help.", alert: "Call in if you need help." },
    denied: "It did not work.",
    reading: "Reading the tag …",
    readingUnreached: "The tag was read, but no answer came. Check the network and hold the phone to the tag again.",
  },

  call: {
    heading: "Alarm to you",
    accept: "I am going",
    decline: "I cannot",
    since: (time: string, passed: string) => `${time}, ${passed} ago`,
    presses: (n: number) => (n === 1 ? "1 press" : `${n} presses`),
    instruction: "Instruction",
    noInstruction: "No instruction is written for this home.",
    standing: { sent: "Waits for your answer", accepted: "On the way", declined: "Cannot", on_site: "On site", left: "Has left the home" },
    onSite: "I am on site",
    outcome: "Outcome",
    whatDone: "Outcome: what was done?",
    outcomeHint: "Choose, or use your own words. Do not write personal numbers.",
    missing: "Choose or write what was done.",
    save: "Save outcome",
    saved: (text: string) => `Outcome: ${text}`,
    left: "I have left the home",
    more: (n: number) => (n === 1 ? "One more alarm waits for your answer" : `${n} more alarms wait for your answer`),
  },
});
