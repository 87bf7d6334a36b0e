/** The words on the desk: Swedish first, English second, the same keys in both. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { deskEn } from "./desk_en";
import { type DeskWords, deskSv } from "./desk_sv";
import type { Language } from "./language";
import { type OwnWords, settingIn } from "./setting";

/** All words, with those of the municipality in their places. */
export function deskWordsOf(own: OwnWords): Record<Language, DeskWords> {
  return { sv: deskSv(settingIn("sv", own)), en: deskEn(settingIn("en", own)) };
}

export const DeskWordsContext = createContext<DeskWords>(deskWordsOf({}).sv);

export function useDeskWords(): DeskWords {
  return useContext(DeskWordsContext);
}
