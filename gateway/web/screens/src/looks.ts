/** Language and appearance as they stand, and how a person changes them. */
import type { Theme } from "./preference";
import type { Language } from "./words/language";

export interface Looks {
  readonly language: Language;
  readonly theme: Theme;
  chooseLanguage(language: Language): void;
  chooseTheme(theme: Theme): void;
}
