/** Whether the desk stands on a screen as narrow as a phone's, where its header has room for nothing but what is urgent. */
import { useLayoutEffect, useState } from "preact/hooks";

const NARROW = "(max-width: 480px)";

export function useNarrow(): boolean {
  const [narrow, setNarrow] = useState(() => matchMedia(NARROW).matches);
  useLayoutEffect(() => {
    const query = matchMedia(NARROW);
    const changed = (): void => setNarrow(query.matches);
    query.addEventListener("change", changed);
    return () => query.removeEventListener("change", changed);
  }, []);
  return narrow;
}
