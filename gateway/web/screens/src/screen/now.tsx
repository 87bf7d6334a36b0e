/** Time passing on the screen, by the gateway's clock. */
import { createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import { elapsed } from "../times";

/** Gateway's clock minus this computer's, ms. */
export const ClockLead = createContext(0);

const SECOND = 1_000;

/** The gateway's time (ms), renewed every second. */
export function useNow(): number {
  const lead = useContext(ClockLead);
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), SECOND);
    return () => clearInterval(timer);
  }, []);
  return now + lead;
}

/** `3 min 05 s`, ticking. */
export function Elapsed({ from }: { from: string | number }) {
  return <span class="elapsed">{elapsed(from, useNow())}</span>;
}
