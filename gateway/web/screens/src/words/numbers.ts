/** Numbers as a language writes them: `1 234,5`, `1,234.5`. Pure. */
import type { Language } from "./language";

/** Digits after the comma: a sensor's rounding errors are nobody's business at night. */
const DIGITS = 2;

const FORMAT: Record<Language, Intl.NumberFormat> = {
  sv: new Intl.NumberFormat("sv-SE", { maximumFractionDigits: DIGITS }),
  en: new Intl.NumberFormat("en-GB", { maximumFractionDigits: DIGITS }),
};

export function numberIn(language: Language, number: number): string {
  return FORMAT[language].format(number);
}
