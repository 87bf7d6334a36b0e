/** The first screen: who sits here. What nobody checks, it says plainly. */
import type { Looks } from "../../looks/looks";
import { LooksChoice } from "../../looks/looks_choice";
import { PersonChoice } from "../../signing_in/person_choice";
import { type Choice, type Me, mayWatch, signInByInvitation } from "../../signing_in/signing_in";
import { type SigningIn, useSigningIn } from "../../signing_in/use_signing_in";
import { useDeskWords } from "../../words/desk";
import type { DeskWords } from "../../words/desk_sv";
import { saidIn, wordFor } from "../../words/said";
import type { Refusal } from "../refusal";
import { type Session, knownToken } from "../session";
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
function failureWords(words: DeskWords, failed: NonNullable<SigningIn["failed"]>): string {
  if (failed.is === "stopped") return words.signIn.stopped;
  return failed.said ? saidIn(words, failed.said) : words.signIn.unheard;
}

export function SignIn({ looks, refused, invitation, me, enter, arrive, leave }: Props) {
  const words = useDeskWords();
  const signingIn = useSigningIn(arrive);
  const { busy, failed, attempt } = signingIn;
  const about = ({ roles }: Choice): string => Object.values(roles).flat().map((role) => wordFor(words.signIn.role, role)).join(", ");
  const byToken = knownToken() !== "" || (refused !== null && refused.is !== "session");
  const problem = failed ? failureWords(words, failed) : refused?.is === "session" ? words.signIn.ended : "";

  return (
    <main class="sign-in">
      <LooksChoice {...{ looks, words }} />
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
            <PersonChoice {...{ signingIn, about }} words={words.signIn} page="/desk" isFor={mayWatch} />
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
