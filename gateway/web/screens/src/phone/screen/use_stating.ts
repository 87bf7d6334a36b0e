/** Stating by hand: kept first, sent when it can be. */
import { useState } from "preact/hooks";
import type { What } from "../statement";
import { usePhone } from "./use_phone";

export interface Stating {
  state(what: What, about: string, text?: string): void;
  /** The phone can keep no more. */
  readonly full: boolean;
}

export function useStating(): Stating {
  const app = usePhone();
  const [full, setFull] = useState(false);
  const state = (what: What, about: string, text = ""): void => {
    void app.state(what, about, text).then((taken) => setFull(!taken));
  };
  return { state, full };
}
