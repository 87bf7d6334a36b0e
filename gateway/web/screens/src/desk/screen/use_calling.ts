/** A call back that was begun keeps the claim: the desk says so again as long as it runs and has contact. */
import { useEffect, useRef } from "preact/hooks";
import { act } from "../api";
import type { AlertView } from "../contract";
import { type OpenAlerts, everyOpen } from "../open_alerts";
import type { Session } from "../session";

/** One that is lost leaves time for another within the 120 s of a claim. The gateway ends it after 15 minutes. */
const SAY_MS = 45_000;

/** Whoever has the alert calls; that stands in the feed, and where it cannot be said the claim lapses as it would have. */
export function sayCalling(session: Session, alert: AlertView): void {
  if (alert.claimed_by_id === session.person) void act(session, alert, "calling", {});
}

export function useCalling(session: Session, open: OpenAlerts): void {
  const seen = useRef(open);
  seen.current = open;
  useEffect(() => {
    const timer = setInterval(() => {
      for (const alert of everyOpen(seen.current)) {
        if (alert.calling_since !== null) sayCalling(session, alert);
      }
    }, SAY_MS);
    return () => clearInterval(timer);
  }, [session]);
}
