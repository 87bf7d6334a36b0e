/** Sign-in first, then the desk; language and appearance around both. */
import { useEffect, useState } from "preact/hooks";
import { type Theme, usePreference } from "../preference";
import { type Session, forgetSession, forgetToken, keepSession, knownSession } from "../session";
import { type Language, WORDS, WordsContext } from "../words";
import { DeskScreen } from "./desk_screen";
import { SignIn } from "./sign_in";

export interface Looks {
  readonly language: Language;
  readonly theme: Theme;
  chooseLanguage(language: Language): void;
  chooseTheme(theme: Theme): void;
}

export function App() {
  const [language, chooseLanguage] = usePreference<Language>("language", "sv");
  const [theme, chooseTheme] = usePreference<Theme>("theme", "auto");
  const [session, setSession] = useState<Session | null>(knownSession);
  const [refused, setRefused] = useState(false);

  useEffect(() => {
    document.documentElement.lang = language;
    document.documentElement.dataset["theme"] = theme;
  }, [language, theme]);

  const enter = (entered: Session): void => {
    keepSession(entered);
    setRefused(false);
    setSession(entered);
  };
  const leave = (): void => {
    forgetSession();
    setSession(null);
  };
  const refuse = (): void => {
    forgetToken();
    setRefused(true);
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
