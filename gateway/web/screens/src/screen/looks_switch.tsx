/** Language and appearance. */
import type { Looks } from "../looks";
import type { Theme } from "../preference";
import { useWords } from "../words";

const THEMES: readonly Theme[] = ["auto", "light", "dark", "contrast"];

export function LooksSwitch({ looks }: { looks: Looks }) {
  const words = useWords();
  const other = looks.language === "sv" ? "en" : "sv";
  return (
    <div class="looks">
      <button type="button" class="quiet" lang={other} onClick={() => looks.chooseLanguage(other)}>
        {words.otherLanguage}
      </button>
      <label>
        <span class="unseen">{words.theme["label"]}</span>
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
