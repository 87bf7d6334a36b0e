/** The first screen: a passkey, and in a demonstration a choice of people. */
import type { Looks } from "../../looks/looks";
import { LooksChoice } from "../../looks/looks_choice";
import { PersonChoice } from "../../signing_in/person_choice";
import { mayAnywhere } from "../../signing_in/may";
import { type Choice, type Ways, signInByPasskey } from "../../signing_in/signing_in";
import { type SigningIn, useSigningIn } from "../../signing_in/use_signing_in";
import { usePhoneWords } from "../../words/phone";
import type { PhoneWords } from "../../words/phone_sv";
import { saidIn } from "../../words/said";
import { usePhone } from "./use_phone";

function isCaregiver(person: Choice): boolean {
  return mayAnywhere(person.may, "today.read");
}

/** Whether passkeys are the only way in, and work at this address. */
function onlyByPasskey(ways: Ways): boolean {
  return ways.passkeys_at === location.origin && ways.demonstration.length === 0;
}

function failureWords(words: PhoneWords, failed: NonNullable<SigningIn["failed"]>): string {
  if (failed.is === "stopped") return words.signIn.stopped;
  return failed.said ? saidIn(words, failed.said) : words.signIn.unheard;
}

export function SignIn({ looks }: { looks: Looks }) {
  const app = usePhone();
  const words = usePhoneWords();
  // Somebody stands at a door with a tag that was read: one touch less, where the browser lets a page ask by itself.
  const askAtTheDoor = (ways: Ways, { attempt }: SigningIn): void => {
    if (app.tagWaits && onlyByPasskey(ways)) void attempt(signInByPasskey);
  };
  const signingIn = useSigningIn((me) => app.arrive(me), askAtTheDoor);
  if (app.noRole && app.phone.me) {
    return (
      <main class="sign-in">
        <p>{words.signIn.noRole(app.phone.me.display)}</p>
        <button type="button" class="main-action" onClick={() => void app.leave()}>
          {words.signOut.button}
        </button>
      </main>
    );
  }
  return (
    <main class="sign-in">
      <h1>{words.signIn.heading}</h1>
      {app.ended && <p class="notice">{words.signIn.ended}</p>}
      {app.tagWaits && <p class="notice">{words.signIn.tagWaits}</p>}
      {signingIn.failed && (
        <p class="warning" role="alert">
          {failureWords(words, signingIn.failed)}
        </p>
      )}
      <PersonChoice signingIn={signingIn} words={words.signIn} page="/phone" isFor={isCaregiver} />
      <LooksChoice {...{ looks, words }} />
    </main>
  );
}
