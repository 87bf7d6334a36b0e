/** The words on the screen: Swedish first, English second, the same keys in both. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { en } from "./en";
import type { Language, Words } from "./language";
import { SETTING } from "./setting";
import { sv } from "./sv";

export const WORDS: Record<Language, Words> = { sv: sv(SETTING.sv), en: en(SETTING.en) };

export const WordsContext = createContext<Words>(WORDS.sv);

export function useWords(): Words {
  return useContext(WordsContext);
}

/** The word for a code that the gateway sent; a code that this desk does not know is shown as it is, never hidden. */
export function wordFor(table: Readonly<Record<string, string>>, code: string): string {
  return table[code] ?? code.replaceAll("_", " ");
}
