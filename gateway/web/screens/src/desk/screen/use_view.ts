/** Which view of the desk is open. It stands in the address, so that it can be kept as a bookmark and the back button works. */
import { useLayoutEffect, useState } from "preact/hooks";

export type View = "alarms" | "visits";

function viewInAddress(): View {
  return location.hash === "#visits" ? "visits" : "alarms";
}

export function useView(): [View, (view: View) => void] {
  const [view, setView] = useState<View>(viewInAddress);
  useLayoutEffect(() => {
    const changed = (): void => setView(viewInAddress());
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  const go = (to: View): void => {
    location.hash = to;
  };
  return [view, go];
}
