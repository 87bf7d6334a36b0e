/** The words on the screen: Swedish first, English second, the same keys in both. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { en } from "./en";
import type { Language, Words } from "./language";
import { type OwnWords, settingIn } from "./setting";
import { sv } from "./sv";

/** All words, with those of the municipality in their places. */
export function wordsOf(own: OwnWords): Record<Language, Words> {
  return { sv: sv(settingIn("sv", own)), en: en(settingIn("en", own)) };
}

/** The words of a desk that has not heard what its municipality calls things. */
export const WORDS: Record<Language, Words> = wordsOf({});

export const WordsContext = createContext<Words>(WORDS.sv);

export function useWords(): Words {
  return useContext(WordsContext);
}

/** The word for a code that the gateway sent; a code that this desk does not know is shown as it is, never hidden. */
export function wordFor(table: Readonly<Record<string, string>>, code: string): string {
  return table[code] ?? code.replaceAll("_", " ");
}
