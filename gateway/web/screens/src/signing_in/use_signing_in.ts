/** A person's way in, as the screens of desk and phone go it. */
import { useLayoutEffect, useState } from "preact/hooks";
import { type Entered, type Me, type Ways, waysIn } from "./signing_in";

export interface SigningIn {
  /** Null until it is known how one may sign in here. */
  readonly ways: Ways | null;
  readonly busy: boolean;
  /** Why the last attempt let nobody in, or null. */
  readonly failed: Exclude<Entered, { is: "in" }> | null;
  attempt(way: () => Promise<Entered>): Promise<void>;
}

/** `arrive` hears of whoever got in; `known` of the ways, once. */
export function useSigningIn(arrive: (me: Me) => unknown, known: (ways: Ways, signingIn: SigningIn) => void = () => undefined): SigningIn {
  const [ways, setWays] = useState<Ways | null>(null);
  const [failed, setFailed] = useState<SigningIn["failed"]>(null);
  const [busy, setBusy] = useState(false);

  const attempt = async (way: () => Promise<Entered>): Promise<void> => {
    setBusy(true);
    setFailed(null);
    const entered = await way();
    setBusy(false);
    if (entered.is === "in") await arrive(entered.me);
    else setFailed(entered);
  };
  const signingIn: SigningIn = { ways, busy, failed, attempt };
  // Asked with the drawing: a busy phone's next frame may be seconds away.
  useLayoutEffect(() => {
    const leaving = new AbortController();
    void waysIn(leaving.signal).then((found) => {
      if (found === null || leaving.signal.aborted) return;
      setWays(found);
      known(found, signingIn);
    });
    return () => leaving.abort();
  }, []);
  return signingIn;
}
