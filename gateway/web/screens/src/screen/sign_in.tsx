/** The first screen: who sits here. What nobody checks, it says plainly. */
import { useEffect, useState } from "preact/hooks";
import type { Looks } from "../looks";
import { saidWords } from "../problem";
import type { Refusal } from "../refusal";
import { type Session, knownToken } from "../session";
import { type Entered, type Me, type Ways, mayWatch, signInByInvitation, waysIn } from "../signing_in";
import { useWords } from "../words";
import type { Words } from "../words/language";
import { LooksSwitch } from "./looks_switch";
import { PersonChoice } from "./person_choice";
import { TokenForm } from "./token_form";

interface Props {
  readonly looks: Looks;
  /** Why the desk was left, or null. */
  readonly refused: Refusal | null;
  /** The secret of an invitation that was opened, or empty. */
  readonly invitation: string;
  /** Somebody who is signed in and has no desk, or null. */
  readonly me: Me | null;
  enter(session: Session): void;
  arrive(me: Me): void;
  leave(): void;
}

/** What to say about an attempt that let nobody in. */
function failureWords(words: Words, entered: Entered): string {
  if (entered.is === "stopped") return words.signIn.stopped;
  return entered.is === "failed" && entered.said ? saidWords(words, entered.said) : words.signIn.unheard;
}

export function SignIn({ looks, refused, invitation, me, enter, arrive, leave }: Props) {
  const words = useWords();
  const [ways, setWays] = useState<Ways | null>(null);
  const [failure, setFailure] = useState("");
  const [busy, setBusy] = useState(false);

  useEffect(() => {
    void waysIn().then(setWays);
  }, []);

  const attempt = async (way: () => Promise<Entered>): Promise<void> => {
    setBusy(true);
    setFailure("");
    const entered = await way();
    setBusy(false);
    if (entered.is === "in") arrive(entered.me);
    else setFailure(failureWords(words, entered));
  };
  const byToken = knownToken() !== "" || (refused !== null && refused.is !== "session");
  const problem = failure || (refused?.is === "session" ? words.signIn.ended : "");

  return (
    <main class="sign-in">
      <LooksSwitch looks={looks} />
      <section>
        <h1>{invitation ? words.signIn.invited : byToken ? words.signIn.heading : words.signIn.person}</h1>
        {problem && (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
        {invitation ? (
          <>
            <p>{words.signIn.invitedHint}</p>
            <button type="button" class="main-action" disabled={busy} onClick={() => void attempt(() => signInByInvitation(invitation))}>
              {words.signIn.makePasskey}
            </button>
          </>
        ) : me && !mayWatch(me) ? (
          <>
            <p>{words.signIn.noDesk(me.display)}</p>
            <button type="button" class="main-action" onClick={leave}>
              {words.signIn.signOut}
            </button>
          </>
        ) : byToken ? (
          <TokenForm refused={refused} enter={enter} />
        ) : (
          <>
            <PersonChoice ways={ways} busy={busy} attempt={(way) => void attempt(way)} />
            <details>
              <summary>{words.signIn.byToken}</summary>
              <TokenForm refused={null} enter={enter} />
            </details>
          </>
        )}
        <p class="beside">{words.notTheOnlyPath}</p>
      </section>
    </main>
  );
}
