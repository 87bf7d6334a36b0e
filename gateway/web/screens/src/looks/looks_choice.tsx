/** The choice of language and appearance. */
import { type Looks, THEMES, type Theme } from "./looks";

interface Props {
  readonly looks: Looks;
  readonly words: {
    readonly otherLanguage: string;
    readonly appearance: string;
    readonly theme: Readonly<Record<Theme, string>>;
  };
}

export function LooksChoice({ looks, words }: Props) {
  const other = looks.language === "sv" ? "en" : "sv";
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
