/** Names of lanes and marks, for the picture and for the table alike. */
import type { DeskWords } from "../../words/desk_sv";
import { wordFor } from "../../words/said";
import type { Lane, Mark } from "../contract";

/** `anropsknapp · hallen` */
export function laneName(words: DeskWords, lane: Lane): string {
  return [wordFor(words.capability, lane.capability), wordFor(words.placement, lane.placement)].join(" · ");
}

/** `dörr eller fönster: öppen`, `mätvärde: 21.5` */
export function happened(words: DeskWords, kind: string, value: Mark["value"]): string {
  const what = wordFor(words.mark, kind);
  const once = kind === "help_called" && value === 1;
  return value === null || value === "" || once ? what : `${what}: ${wordFor(words.state, String(value))}`;
}
