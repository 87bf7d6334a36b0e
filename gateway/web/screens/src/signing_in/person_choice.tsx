/** The ways in for a person: a passkey, and in a demonstration a choice of people. */
import type { SigningInWords } from "../words/both_sv";
import { type Choice, choose, signInByPasskey } from "./signing_in";
import type { SigningIn } from "./use_signing_in";

interface Props {
  readonly signingIn: SigningIn;
  readonly words: SigningInWords & { readonly passkeyHint: string };
  /** The path of this page, which also stands at the address of the passkeys. */
  readonly page: string;
  /** Whom this page is for. */
  isFor(person: Choice): boolean;
  /** What to say of somebody beside the name. */
  about?(person: Choice): string;
}

export function PersonChoice({ signingIn, words, page, isFor, about }: Props) {
  const { ways, busy, attempt } = signingIn;
  const here = ways === null || ways.passkeys_at === location.origin;
  const people = (ways?.demonstration ?? []).filter(isFor);
  return (
    <>
      {here ? (
        <>
          <button type="button" class="main-action" disabled={busy} aria-describedby="passkey-hint" onClick={() => void attempt(signInByPasskey)}>
            {words.passkey}
          </button>
          <p id="passkey-hint" class="hint">
            {words.passkeyHint}
          </p>
        </>
      ) : (
        <p class="hint">
          {words.passkeysAt} <a href={ways.passkeys_at + page}>{ways.passkeys_at}</a>
        </p>
      )}
      {people.length > 0 && (
        <section class="people" aria-labelledby="choose">
          <h2 id="choose">{words.choose}</h2>
          <p class="demo">{words.chooseHint}</p>
          <ul>
            {people.map((person) => (
              <li key={person.person}>
                <button type="button" disabled={busy} onClick={() => void attempt(() => choose(person.person))}>
                  <b>{person.display}</b> {about?.(person)}
                </button>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}
