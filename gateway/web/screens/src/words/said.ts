/** What the gateway says, in the language of the screen: its own words, and its codes. Pure. */
import type { Said } from "../contract";
import type { Language } from "./language";

export function saidIn({ language }: { readonly language: Language }, said: Said): string {
  return said[language];
}

/** The word for a code that the gateway sent; a code that this screen does not know is shown as it is, never hidden. */
export function wordFor(table: Readonly<Record<string, string>>, code: string): string {
  return table[code] ?? code.replaceAll("_", " ");
}
