/** Language and appearance as they stand, and how a person changes them. */
import { useLayoutEffect } from "preact/hooks";
import type { Language } from "../words/language";
import { usePreference } from "./preference";

/** `auto`: as the computer or the phone is set. */
export const THEMES = ["auto", "light", "dark", "contrast"] as const;
export type Theme = (typeof THEMES)[number];

export interface Looks {
  readonly language: Language;
  readonly theme: Theme;
  chooseLanguage(language: Language): void;
  chooseTheme(theme: Theme): void;
}

/** The page's looks. Laid on with the drawing: a frame later would be a white flash at night. */
export function useLooks(): Looks {
  const [language, chooseLanguage] = usePreference<Language>("language", "sv");
  const [theme, chooseTheme] = usePreference<Theme>("theme", "auto");
  useLayoutEffect(() => {
    document.documentElement.lang = language;
    document.documentElement.dataset["theme"] = theme;
  }, [language, theme]);
  return { language, theme, chooseLanguage, chooseTheme };
}
