/** English for the coordinator's view of visits: plan against outcome. */
import { delayEn } from "./both_en";
import { numberIn } from "./numbers";
import type { VisitsWords } from "./visits_sv";

const number = (n: number): string => numberIn("en", n);

export const visitsEn: VisitsWords = {
  views: { heading: "Views", alarms: "Alarms", visits: "Visits", openings: (n) => (n === 1 ? "1 remote opening waits" : `${number(n)} remote openings wait`) },

  visits: {
    heading: "Visits: plan and outcome",
    day: "Day",
    days: { yesterday: "Yesterday", today: "Today", tomorrow: "Tomorrow" },
    dayOf: { yesterday: (date) => `Visits yesterday, ${date}`, today: (date) => `Visits around now, ${date}`, tomorrow: (date) => `Visits tomorrow, ${date}` },
    export: "Save as CSV",
    exportFailed: "The file could not be fetched. Try again.",
    fileName: (date) => `visits-${date}.csv`,
    columns: ["Visit", "From", "Until", "Name", "Address", "Planned staff", "Standing", "Staff", "Started", "Started by", "Ended", "Ended by", "Could not get in"],
    closedBadge: "Could not get in, closed",
    loading: "Loading …",
    unknown: "Unknown – no contact. The visits have not been fetched.",
    asOf: (time) => `This is how the visits stood at ${time}. They may have changed since.`,
    choose: "Show visits",
    choice: { all: "All", late: "Late", missed: "Missed", under_way: "Under way", done: "Done" },
    none: "No visits are planned for this time.",
    noneChosen: "No such visits.",
    planned: "Planned",
    byAlarm: "Alarm, not planned",
    delay: delayEn,
    started: (time, how) => `started ${time} (${how})`,
    ended: (time, how) => `ended ${time} (${how})`,
    noStart: "no start registered",
    proof: { door: "the door", tag: "the tag", by_hand: "by hand" },
    clockSuspect: "the phone's clock is wrong",
    open: (n) => (n === 1 ? "1 open" : `${number(n)} open`),
    reserve: "The reserve routine runs until somebody closes this and says how it went.",
    stuckAt: "cannot get in at",
    since: (time) => `since ${time}`,
    couldNot: (time) => `could not get in ${time}`,
    closed: (time, who) => `Closed ${time} by ${who}`,
    closeIt: "Close …",
    howDidItGo: "How did it go?",
    howMissing: "Choose or write how it went.",
    endings: ["The staff got in", "Not at home", "A colleague took over", "The visit is moved"],
    close: "Close",
  },
};
