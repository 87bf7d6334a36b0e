/** Sign-in first, then the desk; language, appearance and the municipality's words around both. */
import { useEffect, useMemo, useState } from "preact/hooks";
import type { Looks } from "../looks";
import { type Theme, usePreference } from "../preference";
import type { Refusal } from "../refusal";
import {
  type Session,
  forgetOperator,
  forgetSession,
  forgetToken,
  headersFor,
  invitationFromAddress,
  keepSession,
  knownSession,
  knownToken,
} from "../session";
import { type Me, mayWatch, ownWords, signOut, whoAmI } from "../signing_in";
import { WordsContext, wordsOf } from "../words";
import type { Language } from "../words/language";
import type { OwnWords } from "../words/setting";
import { DeskScreen } from "./desk_screen";
import { SignIn } from "./sign_in";

/** The session of somebody who may watch; nothing for anybody else. */
function deskOf(me: Me): Session | null {
  return mayWatch(me) ? { token: "", person: me.person, operator: me.display, unchecked: me.how !== "passkey" } : null;
}

export function App() {
  const [language, chooseLanguage] = usePreference<Language>("language", "sv");
  const [theme, chooseTheme] = usePreference<Theme>("theme", "auto");
  const [session, setSession] = useState<Session | null>(knownSession);
  const [me, setMe] = useState<Me | null>(null);
  const [invitation, setInvitation] = useState(invitationFromAddress);
  const [refused, setRefused] = useState<Refusal | null>(null);
  const [own, setOwn] = useState<OwnWords>({});
  const words = useMemo(() => wordsOf(own), [own]);

  useEffect(() => {
    document.documentElement.lang = language;
    document.documentElement.dataset["theme"] = theme;
  }, [language, theme]);

  const arrive = (arrived: Me): void => {
    setInvitation("");
    setRefused(null);
    setMe(arrived);
    setSession(deskOf(arrived));
  };
  // Whoever is signed in in this browser goes on; a link with the token goes before.
  useEffect(() => {
    if (!session && !knownToken() && !invitation) void whoAmI().then((found) => found && arrive(found));
  }, []);
  useEffect(() => {
    if (session) void ownWords(headersFor(session)).then(setOwn);
  }, [session]);

  const enter = (entered: Session): void => {
    keepSession(entered);
    setRefused(null);
    setSession(entered);
  };
  const leave = (): void => {
    if (session?.token) forgetSession();
    else void signOut();
    setMe(null);
    setSession(null);
  };
  const refuse = (refusal: Refusal): void => {
    const ended: Refusal = refusal.is === "token" && session?.token === "" ? { is: "session" } : refusal;
    if (ended.is === "token") forgetToken();
    if (ended.is === "name") forgetOperator();
    setRefused(ended);
    setMe(null);
    setSession(null);
  };
  const looks: Looks = { language, theme, chooseLanguage, chooseTheme };

  return (
    <WordsContext.Provider value={words[language]}>
      {session ? (
        <DeskScreen key={session.person + session.token} session={session} looks={looks} leave={leave} refuse={refuse} />
      ) : (
        <SignIn {...{ looks, refused, invitation, me, enter, arrive, leave }} />
      )}
    </WordsContext.Provider>
  );
}
