/** The first screen: who sits here. It says plainly that nobody is checked. */
import { useState } from "preact/hooks";
import { OPERATOR_LIMIT, type Session, knownToken, readableName } from "../session";
import { useWords } from "../words";
import type { Looks } from "./app";
import { LooksSwitch } from "./looks_switch";

interface Props {
  readonly looks: Looks;
  readonly refused: boolean;
  enter(session: Session): void;
}

export function SignIn({ looks, refused, enter }: Props) {
  const words = useWords();
  const [operator, setOperator] = useState("");
  const [token, setToken] = useState(knownToken);
  const [asked] = useState(() => !knownToken());

  const submit = (event: Event): void => {
    event.preventDefault();
    const name = readableName(operator);
    if (name && token.trim()) enter({ operator: name, token: token.trim() });
  };

  return (
    <main class="sign-in">
      <LooksSwitch looks={looks} />
      <form onSubmit={submit}>
        <h1>{words.signIn.heading}</h1>
        <p class="demo">{words.signIn.demo}</p>
        {refused && (
          <p class="problem" role="alert">
            {words.signIn.tokenRefused}
          </p>
        )}
        <label for="operator">{words.signIn.name}</label>
        <input
          id="operator"
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
        <p class="beside">{words.notTheOnlyPath}</p>
      </form>
    </main>
  );
}
