/** The app on the screen: redrawn with every change. */
import { createContext } from "preact";
import { useContext, useLayoutEffect, useState } from "preact/hooks";
import type { PhoneApp } from "../phone_app";

export const AppContext = createContext<PhoneApp | null>(null);

/** The app; redraws whoever uses it when anything changes. */
export function usePhone(): PhoneApp {
  const app = useContext(AppContext);
  if (!app) throw new Error("no phone around this screen");
  return app;
}

/** Listens from the first drawing on: an answer that came before an effect after it would leave the screen as it was. */
export function useChanges(app: PhoneApp): void {
  const [, redraw] = useState(0);
  useLayoutEffect(() => app.subscribe(() => redraw((drawn) => drawn + 1)), [app]);
}
