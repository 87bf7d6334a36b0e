/** Asking a door: once, while the network is there, and followed to its end. Never kept, never asked again by itself. */
import type { Command, DoorAction, Opening } from "../contract";
import { COMMAND, SECOND_PERSON, follow } from "../following";
import { type Outcome, askDoor, askFromAfar, commandAsItStands, openingAsItStands } from "./calls";
import type { Purpose } from "./contract";
import type { DoorAsked } from "./store";

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
  return asking(wish, ear, () => askDoor(wish.home, wish.action, wish.purpose, key), followDoor);
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
  ear.tell({ ...asked, stage: "second" });
  const opening = await follow(first, {
    ...SECOND_PERSON,
    isOver: (now) => now.standing !== "waiting" || !ear.wanted(),
    look: async () => valueOf(await openingAsItStands(first.opening)),
    tell: () => undefined,
  });
  const heard: DoorAsked = { ...asked, second: opening.second };
  if (opening.command === null) return ear.tell({ ...heard, stage: opening.standing === "declined" ? "second_said_no" : "no_second" });
  const command = valueOf(await commandAsItStands(opening.command));
  if (command === null) ear.tell({ ...heard, stage: "unanswered" });
  else await followDoor(heard, command, ear);
}

async function followDoor(asked: DoorAsked, first: Command, ear: Ear): Promise<void> {
  const command = await follow(first, {
    ...COMMAND,
    isOver: (now) => now.final,
    look: async () => valueOf(await commandAsItStands(first.command)),
    tell: (now) => ear.tell(told(asked, now)),
  });
  if (!command.final) ear.tell({ ...asked, stage: "unanswered" });
}

function valueOf<Value>(outcome: Outcome<Value>): Value | null {
  return outcome.is === "done" ? outcome.value : null;
}

function told(asked: DoorAsked, command: Command): DoorAsked {
  return { ...asked, stage: command.standing, words: command.words, nextStep: command.next_step };
}

/** Whether the door is still at it: nothing else can be asked meanwhile. */
export function isWorking(door: DoorAsked | null): boolean {
  return door !== null && ["asking", "issued", "sent", "taken"].includes(door.stage);
}
