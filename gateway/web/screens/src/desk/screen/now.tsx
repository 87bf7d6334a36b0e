/** Time passing on the desk, by the gateway's clock. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { elapsed } from "../../times";
import { useWallTime } from "../../wall_time";

/** Gateway's clock minus this computer's, ms. */
export const ClockLead = createContext(0);

/** The gateway's time (ms), renewed every second. */
export function useNow(): number {
  return useWallTime() + useContext(ClockLead);
}

/** `3 min 05 s`, ticking. */
export function Elapsed({ from }: { from: string | number }) {
  return <span class="elapsed">{elapsed(from, useNow())}</span>;
}
