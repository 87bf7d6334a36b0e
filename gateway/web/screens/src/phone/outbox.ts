/**
 * Statements on their way: kept before anything is sent, sent in order with their own keys, and let go when the gateway
 * has them. Nothing about a door ever passes here.
 */
import type { Outcome } from "./calls";
import { type Keep, KEPT_LIMIT } from "./keep";
import type { Statement } from "./statement";

export interface Sending {
  send(statement: Statement): Promise<Outcome<unknown>>;
  /** The gateway has it; `value` is its answer. */
  sent(statement: Statement, value: unknown): void;
  changed(statements: readonly Statement[]): void;
  denied(): void;
}

export class Outbox {
  private busy = false;
  private again = false;

  constructor(
    private readonly keep: Keep,
    private readonly sending: Sending,
  ) {}

  /** False: the phone holds too much already and takes nothing more before the network is back. */
  async state(statement: Statement): Promise<boolean> {
    if ((await this.keep.statements()).length >= KEPT_LIMIT) return false;
    await this.keep.add(statement);
    await this.tell();
    void this.flush(statement.person);
    return true;
  }

  /** The person has read why it was not taken. */
  async letGo(key: string): Promise<void> {
    await this.keep.drop(key);
    await this.tell();
  }

  /** Sends what waits of this person, in order, until there is no more or the gateway is not reached. */
  async flush(person: string): Promise<void> {
    if (this.busy) {
      this.again = true;
      return;
    }
    this.busy = true;
    try {
      do {
        this.again = false;
        await this.sendAll(person);
      } while (this.again);
    } finally {
      this.busy = false;
    }
  }

  async tell(): Promise<void> {
    this.sending.changed(await this.keep.statements());
  }

  private async sendAll(person: string): Promise<void> {
    for (const statement of await this.keep.statements()) {
      if (statement.person !== person || statement.refused !== null) continue;
      const outcome = await this.sending.send(statement);
      if (outcome.is === "denied") this.sending.denied();
      if (outcome.is === "denied" || outcome.is === "unreached" || outcome.is === "later") return;
      if (outcome.is === "done") {
        await this.keep.drop(statement.key);
        this.sending.sent(statement, outcome.value);
      } else {
        await this.keep.replace({ ...statement, refused: outcome.said ?? "no words" });
      }
      await this.tell();
    }
  }
}
