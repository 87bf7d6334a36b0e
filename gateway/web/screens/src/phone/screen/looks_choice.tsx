/** Language and appearance. */
import type { Theme } from "../../preference";
import type { Language } from "../../words/language";
import { usePhoneWords } from "../../words/phone";

const THEMES: readonly Theme[] = ["auto", "light", "dark", "contrast"];

export interface PhoneLooks {
  readonly theme: Theme;
  chooseLanguage(language: Language): void;
  chooseTheme(theme: Theme): void;
}

export function LooksChoice({ looks }: { looks: PhoneLooks }) {
  const words = usePhoneWords();
  const other = words.language === "sv" ? "en" : "sv";
  return (
    <div class="looks">
      <button type="button" class="quiet" lang={other} onClick={() => looks.chooseLanguage(other)}>
        {words.otherLanguage}
      </button>
      <label>
        <span>{words.appearance}</span>
        <select value={looks.theme} onChange={(event) => looks.chooseTheme(event.currentTarget.value as Theme)}>
          {THEMES.map((theme) => (
            <option key={theme} value={theme}>
              {words.theme[theme]}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}
