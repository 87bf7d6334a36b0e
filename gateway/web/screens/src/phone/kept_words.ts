/** The municipality's words, kept in this browser for a day without a network: what to call, and whom. About nobody. */
import type { OwnWords } from "../words/setting";

const KEPT = "vaka.words";

/** What was heard last; nothing where nothing was, or where it cannot be read. */
export function keptWords(): OwnWords {
  try {
    return JSON.parse(localStorage.getItem(KEPT) ?? "{}") as OwnWords;
  } catch {
    return {};
  }
}

export function keepWords(heard: OwnWords): OwnWords {
  localStorage.setItem(KEPT, JSON.stringify(heard));
  return heard;
}
