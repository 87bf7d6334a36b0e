/** Leaving: what is kept goes, and what is not sent is warned of first. */
import { useState } from "preact/hooks";
import { usePhoneWords } from "../../words/phone";
import { usePhone } from "./use_phone";

export function SignOut() {
  const app = usePhone();
  const words = usePhoneWords();
  const [asking, setAsking] = useState(false);
  const unsent = app.phone.statements.length;
  const leave = (): void => void app.leave();
  if (!asking) {
    return (
      <button type="button" onClick={() => (unsent > 0 ? setAsking(true) : leave())}>
        {words.signOut.button}
      </button>
    );
  }
  return (
    <section class="warning" role="alert">
      <p>{words.signOut.unsent(unsent)}</p>
      <button type="button" class="main-action" onClick={() => setAsking(false)}>
        {words.signOut.stay}
      </button>
      <button type="button" class="urgent" onClick={leave}>
        {words.signOut.anyway}
      </button>
    </section>
  );
}
