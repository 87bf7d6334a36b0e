/** The ways in for a person: a passkey, and in a demonstration a choice of people. */
import { type Entered, type Ways, choose, mayWatch, signInByPasskey } from "../signing_in";
import { useWords, wordFor } from "../words";

interface Props {
  /** Null until it is known how one may sign in here. */
  readonly ways: Ways | null;
  readonly busy: boolean;
  attempt(way: () => Promise<Entered>): void;
}

export function PersonChoice({ ways, busy, attempt }: Props) {
  const words = useWords();
  const here = ways === null || ways.passkeys_at === location.origin;
  const people = (ways?.demonstration ?? []).filter(mayWatch);
  return (
    <>
      {here ? (
        <>
          <button type="button" class="main-action" disabled={busy} aria-describedby="passkey-hint" onClick={() => attempt(signInByPasskey)}>
            {words.signIn.passkey}
          </button>
          <p id="passkey-hint" class="hint">
            {words.signIn.passkeyHint}
          </p>
        </>
      ) : (
        <p class="hint">
          {words.signIn.passkeysAt} <a href={`${ways.passkeys_at}/desk`}>{ways.passkeys_at}</a>
        </p>
      )}
      {people.length > 0 && (
        <section aria-labelledby="choose">
          <h2 id="choose">{words.signIn.choose}</h2>
          <p class="demo">{words.signIn.chooseHint}</p>
          <ul class="people">
            {people.map((person) => (
              <li key={person.person}>
                <button type="button" disabled={busy} onClick={() => attempt(() => choose(person.person))}>
                  <b>{person.display}</b> {Object.values(person.roles).flat().map((role) => wordFor(words.signIn.role, role)).join(", ")}
                </button>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}
