/** Time passing on the screen. */
import { useEffect, useState } from "preact/hooks";

const SECOND = 1_000;

/** This machine's wall time (ms), renewed every second. */
export function useWallTime(): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), SECOND);
    return () => clearInterval(timer);
  }, []);
  return now;
}
