/** Sign-in first, then the desk; language and appearance around both. */
import { useEffect, useState } from "preact/hooks";
import type { Looks } from "../looks";
import { type Theme, usePreference } from "../preference";
import type { Refusal } from "../refusal";
import { type Session, forgetOperator, forgetSession, forgetToken, keepSession, knownSession } from "../session";
import { WORDS, WordsContext } from "../words";
import type { Language } from "../words/language";
import { DeskScreen } from "./desk_screen";
import { SignIn } from "./sign_in";

export function App() {
  const [language, chooseLanguage] = usePreference<Language>("language", "sv");
  const [theme, chooseTheme] = usePreference<Theme>("theme", "auto");
  const [session, setSession] = useState<Session | null>(knownSession);
  const [refused, setRefused] = useState<Refusal | null>(null);

  useEffect(() => {
    document.documentElement.lang = language;
    document.documentElement.dataset["theme"] = theme;
  }, [language, theme]);

  const enter = (entered: Session): void => {
    keepSession(entered);
    setRefused(null);
    setSession(entered);
  };
  const leave = (): void => {
    forgetSession();
    setSession(null);
  };
  const refuse = (refusal: Refusal): void => {
    if (refusal.is === "token") forgetToken();
    else forgetOperator();
    setRefused(refusal);
    setSession(null);
  };
  const looks: Looks = { language, theme, chooseLanguage, chooseTheme };

  return (
    <WordsContext.Provider value={WORDS[language]}>
      {session ? (
        <DeskScreen key={session.operator + session.token} session={session} looks={looks} leave={leave} refuse={refuse} />
      ) : (
        <SignIn looks={looks} refused={refused} enter={enter} />
      )}
    </WordsContext.Provider>
  );
}
