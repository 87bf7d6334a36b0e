/** Sign-in first, then the desk; language, appearance and the municipality's words around both. */
import { useEffect, useLayoutEffect, useMemo, useState } from "preact/hooks";
import { useLooks } from "../../looks/looks";
import { type Me, mayWatch, ownWords, signOut, whoAmI } from "../../signing_in/signing_in";
import { DeskWordsContext, deskWordsOf } from "../../words/desk";
import type { OwnWords } from "../../words/setting";
import type { Refusal } from "../refusal";
import {
  type Session,
  forgetOperator,
  forgetSession,
  forgetToken,
  headersFor,
  invitationFromAddress,
  keepSession,
  knownSession,
  knownToken,
} from "../session";
import { DeskScreen } from "./desk_screen";
import { SignIn } from "./sign_in";

/** The session of somebody who may watch; nothing for anybody else. */
function deskOf(me: Me): Session | null {
  return mayWatch(me) ? { token: "", person: me.person, operator: me.display, unchecked: me.how !== "passkey", may: me.may } : null;
}

export function App() {
  const looks = useLooks();
  const [session, setSession] = useState<Session | null>(knownSession);
  const [me, setMe] = useState<Me | null>(null);
  const [invitation, setInvitation] = useState(invitationFromAddress);
  const [refused, setRefused] = useState<Refusal | null>(null);
  const [own, setOwn] = useState<OwnWords>({});
  const words = useMemo(() => deskWordsOf(own), [own]);

  // Aborted once somebody came or left: a late answer must not undo it.
  const asking = useMemo(() => new AbortController(), []);
  const arrive = (arrived: Me): void => {
    asking.abort();
    setInvitation("");
    setRefused(null);
    setMe(arrived);
    setSession(deskOf(arrived));
  };
  // Whoever is signed in in this browser goes on; a link with the token goes before.
  useLayoutEffect(() => {
    if (session || knownToken() || invitation) return;
    void whoAmI(asking.signal).then((found) => found && !asking.signal.aborted && arrive(found));
  }, []);
  // A holder of the token says who it is with every call, and hears what that may do.
  const unsaid = session !== null && session.may === null;
  useEffect(() => {
    if (!session || !unsaid) return;
    const leaving = new AbortController();
    void whoAmI(leaving.signal, headersFor(session)).then((found) => found && !leaving.signal.aborted && setSession({ ...session, may: found.may }));
    return () => leaving.abort();
  }, [unsaid, session?.token, session?.person]);
  useEffect(() => {
    if (!session) return;
    const leaving = new AbortController();
    void ownWords(leaving.signal, headersFor(session)).then((heard) => heard && !leaving.signal.aborted && setOwn(heard));
    return () => leaving.abort();
  }, [session?.token, session?.person]);

  const enter = (entered: Session): void => {
    asking.abort();
    keepSession(entered);
    setRefused(null);
    setSession(entered);
  };
  const leave = (): void => {
    if (session?.token) forgetSession();
    else void signOut();
    setMe(null);
    setSession(null);
  };
  const refuse = (refusal: Refusal): void => {
    const ended: Refusal = refusal.is === "token" && session?.token === "" ? { is: "session" } : refusal;
    if (ended.is === "token") forgetToken();
    if (ended.is === "name") forgetOperator();
    setRefused(ended);
    setMe(null);
    setSession(null);
  };

  return (
    <DeskWordsContext.Provider value={words[looks.language]}>
      {session ? (
        <DeskScreen key={session.person + session.token} session={session} looks={looks} leave={leave} refuse={refuse} />
      ) : (
        <SignIn {...{ looks, refused, invitation, me, enter, arrive, leave }} />
      )}
    </DeskWordsContext.Provider>
  );
}
