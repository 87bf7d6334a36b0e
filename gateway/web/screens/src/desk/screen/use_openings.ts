/** Remote openings on this desk: those that the feed tells of, one soft sound for a new one, answers and wishes. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Command, Opening } from "../../contract";
import { type Outcome, approveOpening, askForOpening, declineOpening, lockDoor } from "../api";
import type { AlertView } from "../contract";
import { type Answer, type Asked, type Row, answered, fresh, heard, isUnderWay } from "../openings";
import type { Refusal } from "../refusal";
import { followDoor, followOpening } from "../remote";
import type { Session } from "../session";

export interface Openings {
  readonly rows: readonly Row[];
  /** The newest ones that came, for a screen reader. */
  readonly came: readonly Opening[];
  /** What this desk asked for, by alert. */
  readonly asked: ReadonlyMap<string, Asked>;
  approve(opening: Opening): void;
  decline(opening: Opening): void;
  hide(opening: Opening): void;
  ask(alert: AlertView): void;
  lock(alert: AlertView): void;
}

export interface Told {
  /** What waits now. */
  readonly waiting: readonly Opening[];
  /** Sounds for a new one. */
  ring(): unknown;
  refuse(refusal: Refusal): void;
  /** Hears of every alert whose door was locked from here. */
  locked(alert: string): void;
}

export function useOpenings(session: Session, { waiting, ring, refuse, locked }: Told): Openings {
  const [rows, setRows] = useState<readonly Row[]>([]);
  const [came, setCame] = useState<readonly Opening[]>([]);
  const [asked, setAsked] = useState<ReadonlyMap<string, Asked>>(new Map());
  const shown = useRef<readonly Row[]>([]);
  const sound = useRef(ring);
  sound.current = ring;

  const show = (after: readonly Row[]): void => {
    shown.current = after;
    setRows(after);
  };
  useLayoutEffect(() => {
    const news = fresh(shown.current, waiting);
    if (news.length > 0) {
      sound.current();
      setCame(news);
    }
    show(heard(shown.current, waiting));
  }, [waiting]);

  const become = (opening: Opening, answer: Answer): void => show(answered(shown.current, opening.opening, answer));
  const refusedOr = <Value>(outcome: Outcome<Value>): Answer | null => {
    if (outcome.is === "problem") return { is: "refused", said: outcome.problem.message ?? null };
    if (outcome.is === "denied") refuse(outcome.refusal);
    return outcome.is === "unreached" ? { is: "unheard" } : null;
  };
  const approve = async (opening: Opening): Promise<void> => {
    become(opening, { is: "sending" });
    const outcome = await approveOpening(session, opening.opening);
    const not = refusedOr(outcome);
    if (not) become(opening, not);
    const tell = (command: Command): void => become(opening, { is: "approved", command });
    if (outcome.is === "done") await followDoor(session, outcome.value, tell);
  };
  const decline = async (opening: Opening): Promise<void> => {
    become(opening, { is: "sending" });
    const outcome = await declineOpening(session, opening.opening);
    become(opening, refusedOr(outcome) ?? { is: "declined" });
  };
  const wished = (alert: AlertView, now: Asked): void => setAsked((before) => new Map(before).set(alert.id, now));
  const wish = async <Value>(
    alert: AlertView,
    call: (session: Session, alert: AlertView, key: string) => Promise<Outcome<Value>>,
    goOn: (value: Value) => Promise<void>,
  ): Promise<void> => {
    if (isUnderWay(asked.get(alert.id) ?? null)) return;
    wished(alert, { is: "asking" });
    const outcome = await call(session, alert, crypto.randomUUID());
    if (outcome.is === "denied") refuse(outcome.refusal);
    else if (outcome.is === "unreached") wished(alert, { is: "unheard" });
    else if (outcome.is === "problem") wished(alert, { is: "refused", said: outcome.problem.message ?? null, why: outcome.problem.hint ?? null });
    else await goOn(outcome.value);
  };
  const ask = (alert: AlertView): Promise<void> =>
    wish(alert, askForOpening, (first) => followOpening(session, first, (opening, command) => wished(alert, { is: "opening", opening, command })));
  const lock = (alert: AlertView): Promise<void> =>
    wish(alert, lockDoor, (first) =>
      followDoor(session, first, (command) => {
        wished(alert, { is: "locking", command });
        if (command.standing === "done") locked(alert.id);
      }),
    );
  return {
    rows,
    came,
    asked,
    approve: (opening) => void approve(opening),
    decline: (opening) => void decline(opening),
    hide: (opening) => show(shown.current.filter((row) => row.opening.opening !== opening.opening)),
    ask: (alert) => void ask(alert),
    lock: (alert) => void lock(alert),
  };
}
