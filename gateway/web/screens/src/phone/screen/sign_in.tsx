/** The first screen: a passkey, and in a demonstration a choice of people. */
import { useEffect, useState } from "preact/hooks";
import { type Choice, type Entered, type Ways, choose, signInByPasskey, waysIn } from "../../signing_in";
import { saidIn, usePhoneWords } from "../../words/phone";
import { LooksChoice, type PhoneLooks } from "./looks_choice";
import { usePhone } from "./use_phone";

function isCaregiver(person: Choice): boolean {
  return Object.values(person.roles).some((held) => held.includes("caregiver"));
}

export function SignIn({ looks }: { looks: PhoneLooks }) {
  const app = usePhone();
  const words = usePhoneWords();
  const [ways, setWays] = useState<Ways | null>(null);
  const [failure, setFailure] = useState("");
  const [busy, setBusy] = useState(false);

  const failed = (entered: Entered): string => {
    if (entered.is === "stopped") return words.signIn.stopped;
    return entered.is === "failed" && entered.said ? saidIn(words, entered.said) : words.signIn.unheard;
  };
  const attempt = async (way: () => Promise<Entered>): Promise<void> => {
    setBusy(true);
    setFailure("");
    const entered = await way();
    setBusy(false);
    if (entered.is === "in") await app.arrive(entered.me);
    else setFailure(failed(entered));
  };
  // Somebody stands at a door with a tag that was read: one touch less, where the browser lets a page ask by itself.
  useEffect(() => {
    void waysIn().then((found) => {
      setWays(found);
      const ask = app.tagWaits && found?.passkeys_at === location.origin && found.demonstration.length === 0;
      if (ask) void attempt(signInByPasskey);
    });
  }, []);
  const here = ways === null || ways.passkeys_at === location.origin;
  const people = (ways?.demonstration ?? []).filter(isCaregiver);
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
      {failure && (
        <p class="warning" role="alert">
          {failure}
        </p>
      )}
      {here ? (
        <>
          <button type="button" class="main-action" disabled={busy} onClick={() => void attempt(signInByPasskey)}>
            {words.signIn.passkey}
          </button>
          <p class="hint">{words.signIn.passkeyHint}</p>
        </>
      ) : (
        <p class="hint">
          {words.signIn.passkeysAt} <a href={`${ways.passkeys_at}/phone`}>{ways.passkeys_at}</a>
        </p>
      )}
      {people.length > 0 && (
        <section aria-labelledby="choose">
          <h2 id="choose">{words.signIn.choose}</h2>
          <p class="hint">{words.signIn.chooseHint}</p>
          {people.map((person) => (
            <button key={person.person} type="button" disabled={busy} onClick={() => void attempt(() => choose(person.person))}>
              {person.display}
            </button>
          ))}
        </section>
      )}
      <LooksChoice looks={looks} />
    </main>
  );
}
