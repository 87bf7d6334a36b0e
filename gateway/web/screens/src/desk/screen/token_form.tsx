/** The way in for a holder of the token: a name that nobody checks. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { useDeskWords } from "../../words/desk";
import type { DeskWords } from "../../words/desk_sv";
import { saidIn } from "../../words/said";
import type { Refusal } from "../refusal";
import { OPERATOR_LIMIT, type Session, knownToken, readableName } from "../session";

interface Props {
  /** Why the desk was left, or null. */
  readonly refused: Refusal | null;
  enter(session: Session): void;
}

function refusalWords(words: DeskWords, refusal: Refusal): string {
  if (refusal.is !== "name") return words.signIn.tokenRefused;
  return refusal.said ? saidIn(words, refusal.said) : words.signIn.nameRefused;
}

export function TokenForm({ refused, enter }: Props) {
  const words = useDeskWords();
  const [operator, setOperator] = useState("");
  const [token, setToken] = useState(knownToken);
  const [asked] = useState(() => !knownToken());
  const name = useRef<HTMLInputElement>(null);
  const misnamed = refused?.is === "name";

  useLayoutEffect(() => {
    if (misnamed) name.current?.focus();
  }, [misnamed]);

  const submit = (event: Event): void => {
    event.preventDefault();
    const readable = readableName(operator);
    if (readable && token.trim()) enter({ person: readable, operator: readable, token: token.trim(), unchecked: true, may: null });
  };

  return (
    <form onSubmit={submit}>
      <p class="demo">{words.signIn.demo}</p>
      {refused && (
        <p class="problem" role="alert">
          {refusalWords(words, refused)}
        </p>
      )}
      <label for="operator">{words.signIn.name}</label>
      <input
        id="operator"
        ref={name}
        aria-invalid={misnamed}
        aria-describedby="operator-hint"
        autocomplete="off"
        maxLength={OPERATOR_LIMIT}
        required
        value={operator}
        onInput={(event) => setOperator(event.currentTarget.value)}
      />
      <p id="operator-hint" class="hint">
        {words.signIn.nameHint}
      </p>
      {asked && (
        <>
          <label for="token">{words.signIn.token}</label>
          <input
            id="token"
            type="password"
            aria-describedby="token-hint"
            autocomplete="off"
            required
            value={token}
            onInput={(event) => setToken(event.currentTarget.value)}
          />
          <p id="token-hint" class="hint">
            {words.signIn.tokenHint}
          </p>
        </>
      )}
      <button type="submit" class="main-action">
        {words.signIn.enter}
      </button>
    </form>
  );
}
