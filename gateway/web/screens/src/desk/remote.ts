/** Following a remote opening and its door to their ends; each step is told as it is seen. */
import type { Command, Opening } from "../contract";
import { COMMAND, SECOND_PERSON, follow } from "../following";
import { type Outcome, commandOf, openingOf } from "./api";
import type { Session } from "./session";

function valueOf<Value>(outcome: Outcome<Value>): Value | null {
  return outcome.is === "done" ? outcome.value : null;
}

/** Tells how the door answers until it is final; nothing more where nobody can say. */
export async function followDoor(session: Session, first: Command, tell: (command: Command) => void): Promise<void> {
  const look = async (): Promise<Command | null> => valueOf(await commandOf(session, first.command));
  await follow(first, { ...COMMAND, isOver: (command) => command.final, look, tell });
}

/** Tells what the second person says, then how the door answers. */
export async function followOpening(
  session: Session,
  first: Opening,
  tell: (opening: Opening, command: Command | null) => void,
): Promise<void> {
  const look = async (): Promise<Opening | null> => valueOf(await openingOf(session, first.opening));
  const opening = await follow(first, { ...SECOND_PERSON, isOver: (now) => now.standing !== "waiting", look, tell: (now) => tell(now, null) });
  const command = opening.command === null ? null : valueOf(await commandOf(session, opening.command));
  if (command) await followDoor(session, command, (now) => tell(opening, now));
}
