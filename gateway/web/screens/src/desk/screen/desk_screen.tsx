/** The desk: what is wrong with the contact first, then the list, then the chosen alert. */
import { useLayoutEffect, useState } from "preact/hooks";
import type { Looks } from "../../looks/looks";
import { LooksChoice } from "../../looks/looks_choice";
import { usePreference } from "../../looks/preference";
import { useDeskWords } from "../../words/desk";
import type { AlertView } from "../contract";
import { type Command, commandFor, isWriting, usable } from "../keyboard";
import { found } from "../open_alerts";
import { waitingIn } from "../openings";
import { board } from "../order";
import type { Refusal } from "../refusal";
import type { Session } from "../session";
import { mayAnywhere } from "../../signing_in/may";
import { type Asking, type Plain, isAsking, mayAct, mayBegin, possible } from "../steps";
import { knownBy, waitingCalls } from "../store";
import { AlertDetail, type Begun, CHOSEN } from "./alert_detail";
import { AlertList } from "./alert_list";
import { DeskHeader } from "./desk_header";
import { KeyHelp } from "./key_help";
import { Notices, SoundNotice } from "./notices";
import { NoEntryList } from "./no_entry_list";
import { ClockLead } from "./now";
import { OpeningList, focusNextOpening } from "./opening_list";
import { OverdueNotice } from "./overdue_notice";
import { rowId } from "./row_id";
import { useActions } from "./use_actions";
import { useCalling } from "./use_calling";
import { useDesk } from "./use_desk";
import { useOpenings } from "./use_openings";
import { useNarrow } from "./use_narrow";
import { useSoundOn } from "./use_sound_on";
import { useView } from "./use_view";
import { VisitsScreen } from "./visits_screen";

/** After an action its button is gone; without this the next Tab would begin at the top of the page. */
function keepFocus(): void {
  queueMicrotask(() => {
    if (document.activeElement === document.body) document.getElementById(CHOSEN)?.focus();
  });
}

interface Props {
  readonly session: Session;
  readonly looks: Looks;
  leave(): void;
  refuse(refusal: Refusal): void;
}

export function DeskScreen({ session, looks, leave, refuse }: Props) {
  const words = useDeskWords();
  const { store, desk, sound, soundState, spoken, stuck } = useDesk(session, words, refuse);
  const actions = useActions(session, store, words, refuse);
  useCalling(session, desk.open);
  const takes = mayAnywhere(session.may, "alert.take");
  useSoundOn(sound, takes);
  // An alarm that waits is heard alone.
  const askSoftly = (): unknown => waitingCalls(store.desk).length === 0 && sound.asked();
  const openings = useOpenings(session, { waiting: desk.openings, ring: askSoftly, refuse, locked: actions.locked });
  const [chosenId, setChosenId] = useState<string | null>(null);
  const [reading, setReading] = useState(false);
  const [begun, begin] = useState<Begun | null>(null);
  const [faultsShown, setFaultsShown] = useState(false);
  const [keys, setKeys] = usePreference<"on" | "off">("keys", "on");

  const narrow = useNarrow();
  const [asked, goTo] = useView();
  const view = mayAnywhere(session.may, "visit.read") ? asked : "alarms";

  const { calls, concerns, faults } = board(desk.open);
  const chosen = chosenId === null ? null : found(desk.open, chosenId) ?? desk.ended.find((alert) => alert.id === chosenId) ?? null;
  const untaken = waitingCalls(desk).length;
  const lost = desk.contact.is === "lost";
  const live = desk.contact.is === "live";
  const unanswered = waitingIn(openings.rows).length;
  const commands = usable({
    view,
    listed: calls.length + concerns.length + (faultsShown ? faults.length : 0),
    steps: chosen && live && !begun ? possible(chosen, session) : [],
    open: chosen !== null && (reading || begun !== null),
    openings: session.token ? 0 : unanswered,
    faults: faults.length,
    visits: mayAnywhere(session.may, "visit.read"),
  });

  // With the drawing: a window that is hidden behind another shows nothing but its title, and draws no frames.
  useLayoutEffect(() => {
    document.title = lost ? words.titleLost : words.title(untaken);
  }, [lost, untaken, words]);

  const choose = (id: string): void => {
    if (id !== chosenId) {
      actions.forget();
      begin(null);
    }
    setChosenId(id);
  };
  const open = (id: string): void => {
    choose(id);
    setReading(true);
    // Where list and alert take turns, the list was scrolled somewhere else.
    queueMicrotask(() => document.getElementById(CHOSEN)?.scrollIntoView({ block: "nearest" }));
  };
  const back = (): void => {
    begin(null);
    actions.forget();
    setReading(false);
    queueMicrotask(() => chosenId && document.getElementById(rowId(chosenId))?.focus());
  };
  const step = (by: 1 | -1): void => {
    const listed = [...calls, ...concerns, ...(faultsShown ? faults : [])];
    const at = listed.findIndex((alert) => alert.id === chosenId);
    const next = listed[at < 0 ? 0 : Math.min(listed.length - 1, Math.max(0, at + by))];
    if (!next) return;
    choose(next.id);
    document.getElementById(rowId(next.id))?.focus();
  };
  const perform = async (action: Plain, alert: AlertView): Promise<void> => {
    if (alert.standing === "resolved" || !live || !mayAct(session, alert, action)) return;
    await actions.perform(alert, action);
    keepFocus();
  };
  const ask = (asking: Asking, alert: AlertView): void => {
    actions.forget();
    begin({ asking, seen: alert });
  };
  const take = (alert: AlertView): void => {
    choose(alert.id);
    void perform("take", alert);
  };
  const takeFrom = (alert: AlertView): void => {
    goTo("alarms");
    setReading(true);
    take(alert);
  };
  const obey = (command: Command): void => {
    if (command === "visits") goTo(view === "visits" ? "alarms" : "visits");
    else if (command === "sound") void sound.turnOn();
    else if (view === "alarms") obeyAtAlarms(command);
  };
  const obeyAtAlarms = (command: Exclude<Command, "visits" | "sound">): void => {
    if (command === "next" || command === "previous") step(command === "next" ? 1 : -1);
    else if (command === "back") back();
    else if (command === "openings") {
      setReading(false);
      // After the drawing that was just asked for, before the next key.
      queueMicrotask(focusNextOpening);
    } else if (command === "faults") setFaultsShown(!faultsShown);
    else if (!chosen) return;
    else if (isAsking(command)) {
      setReading(true);
      if (live && mayBegin(chosen, session, command)) ask(command, chosen);
    } else void perform(command, chosen);
  };

  // Laid on with every drawing and not after it: the next key must already meet what the last one changed.
  useLayoutEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      const command = keys === "on" || event.key === "Escape" ? commandFor(event, isWriting(event.target)) : null;
      if (!command) return;
      event.preventDefault();
      obey(command);
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  });

  return (
    <ClockLead.Provider value={desk.clockLead}>
      <div class={reading && chosen ? "desk reading" : "desk"} data-contact={desk.contact.is}>
        <a class="skip" href={`#${view}`}>
          {view === "alarms" ? words.skipToList : words.skipToVisits}
        </a>
        <DeskHeader {...{ session, leave, sound, soundState, contact: desk.contact, heard: desk.pulse?.at ?? null, view, untaken, unanswered }} looks={narrow ? null : looks} />
        <Notices contact={desk.contact} informed={desk.informed} pulse={desk.pulse} />
        <OverdueNotice
          desk={desk}
          open={(alert) => {
            goTo("alarms");
            open(alert.id);
          }}
          take={(alert) => (live && mayAct(session, alert, "take") ? () => takeFrom(alert) : null)}
        />
        {takes && <SoundNotice sound={sound} state={soundState} />}
        <aside class="beside" aria-label={words.otherPaths}>
          {words.notTheOnlyPath}
        </aside>
        {view === "visits" ? (
          <main id="visits" tabIndex={-1}>
            <VisitsScreen {...{ session, refuse }} />
          </main>
        ) : (
          <main id="alarms" tabIndex={-1}>
            <AlertList
              {...{ calls, concerns, faults, ended: desk.ended, chosenId, faultsShown, untaken, me: session }}
              known={knownBy(desk)}
              asOf={desk.informed && desk.contact.is === "lost" ? desk.contact.since : null}
              open={open}
              take={live ? take : null}
              follows={!takes}
              showFaults={setFaultsShown}
            >
              <OpeningList {...{ openings, session }} alerts={desk.open} />
              <NoEntryList {...{ session, live, refuse }} noEntries={desk.noEntries} />
            </AlertList>
            <AlertDetail
              {...{ session, actions, begun, begin, ask, refuse, back, openings }}
              alert={chosen}
              live={live}
              perform={(action) => chosen && void perform(action, chosen)}
              keepFocus={keepFocus}
            />
          </main>
        )}
        {narrow && (
          <footer class="below">
            <LooksChoice {...{ looks, words }} />
          </footer>
        )}
        <KeyHelp {...{ commands }} enabled={keys === "on"} enable={(on) => setKeys(on ? "on" : "off")} />
        <p class="unseen" role="status" aria-live="assertive">
          {spoken}
        </p>
        <p class="unseen" role="status" aria-live="polite">
          {[
            ...openings.came.map((one) => words.spoken.opening(one.person, one.resident || one.home_label)),
            ...stuck.map((one) => words.spoken.noEntry(one.name, one.resident || one.label)),
          ].join(". ")}
        </p>
      </div>
    </ClockLead.Provider>
  );
}
