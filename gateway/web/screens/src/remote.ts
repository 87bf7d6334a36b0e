/** Following a remote opening and its door to their ends; each step is told as it is seen. */
import { commandOf, openingOf } from "./api";
import type { DoorCommand, Opening } from "./contract";
import type { Session } from "./session";

/** Milliseconds between looks at a door that was asked for, and at a second person who has not answered. */
const DOOR_EVERY = 500;
const SECOND_EVERY = 1_500;
/** Milliseconds: the gateway closes every command within 15 s, and a remote opening after five minutes. */
const DOOR_LIMIT = 20_000;
const SECOND_LIMIT = 310_000;

/** Tells how the door answers until it is final; nothing more where nobody can say. */
export async function followDoor(session: Session, first: DoorCommand, tell: (command: DoorCommand) => void): Promise<void> {
  const until = performance.now() + DOOR_LIMIT;
  let command = first;
  tell(command);
  while (!command.final && performance.now() < until) {
    await pause(DOOR_EVERY);
    const outcome = await commandOf(session, command.command);
    if (outcome.is !== "done") continue;
    command = outcome.value;
    tell(command);
  }
}

/** Tells what the second person says, then how the door answers. */
export async function followOpening(
  session: Session,
  first: Opening,
  tell: (opening: Opening, command: DoorCommand | null) => void,
): Promise<void> {
  const until = performance.now() + SECOND_LIMIT;
  let opening = first;
  tell(opening, null);
  while (opening.standing === "waiting" && performance.now() < until) {
    await pause(SECOND_EVERY);
    const outcome = await openingOf(session, opening.opening);
    if (outcome.is === "done") opening = outcome.value;
  }
  tell(opening, null);
  const command = opening.command === null ? null : await commandOf(session, opening.command);
  if (command?.is === "done") await followDoor(session, command.value, (now) => tell(opening, now));
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
