/** Following something at the gateway to its end: a door that was asked for, a second person who has not answered. */

export interface Following<Thing> {
  /** Milliseconds between looks, and until nothing is to come any more. */
  readonly every: number;
  readonly limit: number;
  /** Whether it stays as it is. */
  isOver(thing: Thing): boolean;
  /** How it stands now; null where nobody can say just then. */
  look(): Promise<Thing | null>;
  /** Hears of every look that was answered. */
  tell(thing: Thing): void;
}

/** Looks until it is over or the time is up; the newest that was heard. */
export async function follow<Thing>(first: Thing, { every, limit, isOver, look, tell }: Following<Thing>): Promise<Thing> {
  const until = performance.now() + limit;
  let newest = first;
  tell(newest);
  while (!isOver(newest) && performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, every));
    const heard = await look();
    if (heard === null) continue;
    newest = heard;
    tell(newest);
  }
  return newest;
}

/** Milliseconds. The gateway closes every command within 15 s, and a remote opening after five minutes. */
export const COMMAND = { every: 400, limit: 20_000 };
export const SECOND_PERSON = { every: 2_000, limit: 310_000 };
