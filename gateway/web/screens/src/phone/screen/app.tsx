/** Which screen a person sees: an alarm that waits for an answer stands above everything. */
import { useEffect, useLayoutEffect, useMemo, useState } from "preact/hooks";
import { type Looks, useLooks } from "../../looks/looks";
import { ownWords } from "../../signing_in/signing_in";
import { keepWords, keptWords } from "../kept_words";
import { PhoneWordsContext, phoneWordsOf, usePhoneWords } from "../../words/phone";
import type { OwnWords } from "../../words/setting";
import type { PhoneApp } from "../phone_app";
import { callWaiting, dayOf } from "../store";
import { CallScreen } from "./call_screen";
import { ContactBar } from "./contact_bar";
import { Refusals } from "./refusals";
import { SignIn } from "./sign_in";
import { TodayScreen } from "./today_screen";
import { AppContext, useChanges, usePhone } from "./use_phone";
import { VisitScreen } from "./visit_screen";

export function App({ app }: { app: PhoneApp }) {
  useChanges(app);
  const looks = useLooks();
  const [own, setOwn] = useState<OwnWords>(keptWords);
  const words = useMemo(() => phoneWordsOf(own), [own]);
  const person = app.phone.me?.person;

  useEffect(() => {
    if (!person) return;
    const leaving = new AbortController();
    void ownWords(leaving.signal).then((heard) => heard && !leaving.signal.aborted && setOwn(keepWords(heard)));
    return () => leaving.abort();
  }, [person]);

  return (
    <AppContext.Provider value={app}>
      <PhoneWordsContext.Provider value={words[looks.language]}>
        <Screen looks={looks} />
      </PhoneWordsContext.Provider>
    </AppContext.Provider>
  );
}

function Screen({ looks }: { looks: Looks }) {
  const app = usePhone();
  const words = usePhoneWords();
  const { phone } = app;
  const today = dayOf(phone);
  const waiting = callWaiting(today);
  const place = phone.place;
  const shown = waiting ? `answer ${waiting.id}` : place.at === "today" ? "today" : place.id;
  // Another screen begins at its top: an alarm must not come up scrolled to where the list was.
  useLayoutEffect(() => scrollTo(0, 0), [shown]);
  if (!app.ready && !phone.me) return <main class="opening">{phone.reading ? words.door.reading : words.signIn.opening}</main>;
  if (!phone.me || app.noRole) return <SignIn looks={looks} />;
  const open = waiting ?? (place.at === "alert" ? today?.alerts.find((one) => one.id === place.id) : undefined);
  const visit = place.at === "visit" ? (today?.visits.find((one) => one.id === place.id) ?? phone.met) : null;
  return (
    <div class="phone">
      <ContactBar />
      <main>
        <Refusals />
        {open ? (
          <CallScreen key={open.id} call={open} />
        ) : visit && place.at === "visit" && visit.id === place.id ? (
          <VisitScreen key={visit.id} visit={visit} />
        ) : (
          <TodayScreen today={today} looks={looks} gone={today === null || place.at === "today" ? null : place.at} />
        )}
      </main>
    </div>
  );
}
