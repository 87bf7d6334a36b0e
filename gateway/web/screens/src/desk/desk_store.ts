/** The one place where what the desk knows is kept; screens subscribe to it, the ear hears it at once. */
import { type Desk, EMPTY, type Message, type Ring, after, freshlyStuck } from "./store";
import type { NoEntryView } from "./visits/contract";

/** Rings are told as they come and not by drawing: a hidden window draws late, an alarm may not sound late. */
export interface Ear {
  rings(rings: readonly Ring[]): void;
  /** Somebody stands before a shut door. */
  stuck(noEntries: readonly NoEntryView[]): void;
  lost(): void;
}

export class DeskStore {
  desk: Desk = EMPTY;
  private listeners = new Set<() => void>();

  constructor(private readonly ear: Ear) {}

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  send(message: Message): void {
    const before = this.desk;
    this.desk = after(before, message);
    if (this.desk.rung !== before.rung) this.ear.rings(this.desk.rings);
    const stuck = freshlyStuck(before, this.desk);
    if (stuck.length > 0) this.ear.stuck(stuck);
    if (message.is === "lost") this.ear.lost();
    for (const listener of this.listeners) listener();
  }
}
