/** Asking a door: once, while the network is there, and followed to its end. Never kept, never asked again by itself. */
import { askDoor, commandAsItStands } from "./calls";
import type { Command, DoorAction, Purpose } from "./contract";
import type { DoorAsked } from "./store";

/** Milliseconds between looks at a command on its way. */
const LOOK_EVERY = 400;
/** Milliseconds: the gateway closes every command within 15 s; after that nothing is to come. */
const FOLLOW_LIMIT = 20_000;

export interface Wish {
  readonly home: string;
  readonly action: DoorAction;
  readonly purpose: Purpose;
  /** Whether the phone knows that it has no network. */
  readonly offline: boolean;
}

export type Tell = (door: DoorAsked) => void;

/** Tells how it goes; the last thing told stays so. `denied` where nobody is signed in any more. */
export async function work(wish: Wish, key: string, tell: Tell): Promise<"denied" | null> {
  const asked: DoorAsked = { home: wish.home, action: wish.action, stage: "asking", words: null, nextStep: null };
  if (wish.offline) {
    tell({ ...asked, stage: "offline" });
    return null;
  }
  tell(asked);
  const outcome = await askDoor(wish.home, wish.action, wish.purpose, key);
  if (outcome.is === "denied") return "denied";
  if (outcome.is === "unreached") tell({ ...asked, stage: "unanswered" });
  else if (outcome.is !== "done") tell({ ...asked, stage: "denied", words: outcome.said });
  else await follow(asked, outcome.value, tell);
  return null;
}

async function follow(asked: DoorAsked, first: Command, tell: Tell): Promise<void> {
  const until = performance.now() + FOLLOW_LIMIT;
  let command = first;
  tell(told(asked, command));
  while (!command.final && performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY));
    const outcome = await commandAsItStands(command.command);
    if (outcome.is !== "done") continue;
    command = outcome.value;
    tell(told(asked, command));
  }
  if (!command.final) tell({ ...asked, stage: "unanswered" });
}

function told(asked: DoorAsked, command: Command): DoorAsked {
  return { ...asked, stage: command.standing, words: command.words, nextStep: command.next_step };
}

/** Whether the door is still at it: nothing else can be asked meanwhile. */
export function isWorking(door: DoorAsked | null): boolean {
  return door !== null && ["asking", "issued", "sent", "taken"].includes(door.stage);
}
