/** Asking a door: once, while the network is there, and followed to its end. Never kept, never asked again by itself. */
import { type Outcome, askDoor, askFromAfar, commandAsItStands, openingAsItStands } from "./calls";
import type { Command, DoorAction, Opening, Purpose } from "./contract";
import type { DoorAsked } from "./store";

/** Milliseconds between looks at a command on its way. */
const LOOK_EVERY = 400;
/** Milliseconds: the gateway closes every command within 15 s; after that nothing is to come. */
const FOLLOW_LIMIT = 20_000;

/** Milliseconds between looks at a remote opening, and until nobody can agree any more (the gateway's five minutes). */
const SECOND_EVERY = 2_000;
const SECOND_LIMIT = 310_000;

export interface Wish {
  readonly home: string;
  readonly action: DoorAction;
  readonly purpose: Purpose;
  /** Whether the phone knows that it has no network. */
  readonly offline: boolean;
}

/** Where it is told how it goes; the last thing told stays so. */
export interface Ear {
  tell(door: DoorAsked): void;
  /** False: something else was asked meanwhile, and nobody waits for this any more. */
  wanted(): boolean;
}

/** Asks the door itself. `denied` where nobody is signed in any more. */
export async function work(wish: Wish, key: string, ear: Ear): Promise<"denied" | null> {
  return asking(wish, ear, () => askDoor(wish.home, wish.action, wish.purpose, key), follow);
}

/** Asks for a second person first: nobody proved to stand at the door. */
export async function workFromAfar(wish: Wish, key: string, ear: Ear): Promise<"denied" | null> {
  return asking(wish, ear, () => askFromAfar(wish.home, wish.purpose, key), awaitSecond);
}

async function asking<Answer>(
  wish: Wish,
  ear: Ear,
  ask: () => Promise<Outcome<Answer>>,
  goOn: (asked: DoorAsked, answer: Answer, ear: Ear) => Promise<void>,
): Promise<"denied" | null> {
  const asked: DoorAsked = { home: wish.home, action: wish.action, stage: "asking", words: null, nextStep: null, second: null };
  if (wish.offline) {
    ear.tell({ ...asked, stage: "offline" });
    return null;
  }
  ear.tell(asked);
  const outcome = await ask();
  if (outcome.is === "denied") return "denied";
  if (outcome.is === "unreached") ear.tell({ ...asked, stage: "unanswered" });
  else if (outcome.is !== "done") ear.tell({ ...asked, stage: "denied", words: outcome.said });
  else await goOn(asked, outcome.value, ear);
  return null;
}

async function awaitSecond(asked: DoorAsked, first: Opening, ear: Ear): Promise<void> {
  const until = performance.now() + SECOND_LIMIT;
  let opening = first;
  ear.tell({ ...asked, stage: "second" });
  while (opening.standing === "waiting" && ear.wanted() && performance.now() < until) {
    await pause(SECOND_EVERY);
    const outcome = await openingAsItStands(opening.opening);
    if (outcome.is === "done") opening = outcome.value;
  }
  const heard: DoorAsked = { ...asked, second: opening.second };
  const command = opening.command ? await commandAsItStands(opening.command) : null;
  if (command?.is === "done") await follow(heard, command.value, ear);
  else if (command) ear.tell({ ...heard, stage: "unanswered" });
  else ear.tell({ ...heard, stage: opening.standing === "declined" ? "second_said_no" : "no_second" });
}

async function follow(asked: DoorAsked, first: Command, ear: Ear): Promise<void> {
  const until = performance.now() + FOLLOW_LIMIT;
  let command = first;
  ear.tell(told(asked, command));
  while (!command.final && performance.now() < until) {
    await pause(LOOK_EVERY);
    const outcome = await commandAsItStands(command.command);
    if (outcome.is !== "done") continue;
    command = outcome.value;
    ear.tell(told(asked, command));
  }
  if (!command.final) ear.tell({ ...asked, stage: "unanswered" });
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function told(asked: DoorAsked, command: Command): DoorAsked {
  return { ...asked, stage: command.standing, words: command.words, nextStep: command.next_step };
}

/** Whether the door is still at it: nothing else can be asked meanwhile. */
export function isWorking(door: DoorAsked | null): boolean {
  return door !== null && ["asking", "issued", "sent", "taken"].includes(door.stage);
}
