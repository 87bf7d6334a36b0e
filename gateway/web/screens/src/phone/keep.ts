/** What the phone keeps: statements that the gateway has not heard, and the newest plan of the day. */
import type { Me } from "../signing_in/signing_in";
import type { Today } from "./contract";
import type { Statement } from "./statement";

/** The plan as it was heard last; `heard` is this phone's wall time, ms. */
export interface KeptDay {
  readonly me: Me;
  readonly today: Today;
  readonly heard: number;
}

/** Milliseconds: a plan older than the longest shift shows nobody anything any more. */
export const DAY_LIFE = 14 * 60 * 60 * 1000;
/** Statements that one phone keeps: many times those of a shift. Above it the person is told instead. */
export const KEPT_LIMIT = 200;

/** In the order in which they were stated. */
export interface Keep {
  statements(): Promise<readonly Statement[]>;
  add(statement: Statement): Promise<void>;
  replace(statement: Statement): Promise<void>;
  drop(key: string): Promise<void>;
  day(now: number): Promise<KeptDay | null>;
  keepDay(day: KeptDay): Promise<void>;
  forgetDay(): Promise<void>;
  /** Everything goes, the key first. */
  wipe(): Promise<void>;
}

/** For a browser that lets nothing be kept: it lasts as long as the page. */
export class PageKeep implements Keep {
  private kept: Statement[] = [];
  private plan: KeptDay | null = null;

  async statements(): Promise<readonly Statement[]> {
    return [...this.kept];
  }

  async add(statement: Statement): Promise<void> {
    this.kept.push(statement);
  }

  async replace(statement: Statement): Promise<void> {
    this.kept = this.kept.map((one) => (one.key === statement.key ? statement : one));
  }

  async drop(key: string): Promise<void> {
    this.kept = this.kept.filter((one) => one.key !== key);
  }

  async day(now: number): Promise<KeptDay | null> {
    return this.plan && now - this.plan.heard < DAY_LIFE ? this.plan : null;
  }

  async keepDay(day: KeptDay): Promise<void> {
    this.plan = day;
  }

  async forgetDay(): Promise<void> {
    this.plan = null;
  }

  async wipe(): Promise<void> {
    this.kept = [];
    this.plan = null;
  }
}
