/** Names of lanes and marks, for the picture and for the table alike. */
import type { Lane, Mark } from "../contract";
import { wordFor } from "../words";
import type { Words } from "../words/language";

/** `anropsknapp · hallen` */
export function laneName(words: Words, lane: Lane): string {
  return [wordFor(words.capability, lane.capability), wordFor(words.placement, lane.placement)].join(" · ");
}

/** `dörr eller fönster: öppen`, `mätvärde: 21.5` */
export function happened(words: Words, kind: string, value: Mark["value"]): string {
  const what = wordFor(words.mark, kind);
  const once = kind === "help_called" && value === 1;
  return value === null || value === "" || once ? what : `${what}: ${wordFor(words.state, String(value))}`;
}
