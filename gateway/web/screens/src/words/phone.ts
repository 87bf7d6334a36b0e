/** The words on the phone: Swedish first, English second, the same keys in both. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Language } from "./language";
import { phoneEn } from "./phone_en";
import { type PhoneWords, phoneSv } from "./phone_sv";
import { type OwnWords, settingIn } from "./setting";

/** All words, with those of the municipality in their places. */
export function phoneWordsOf(own: OwnWords): Record<Language, PhoneWords> {
  return { sv: phoneSv(settingIn("sv", own)), en: phoneEn(settingIn("en", own)) };
}

export const PhoneWordsContext = createContext<PhoneWords>(phoneWordsOf({}).sv);

export function usePhoneWords(): PhoneWords {
  return useContext(PhoneWordsContext);
}
