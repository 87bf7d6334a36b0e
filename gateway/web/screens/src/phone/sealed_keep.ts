/**
 * The keep in IndexedDB, sealed with AES-GCM under a key that no script can read out. Who takes the files of the
 * browser without the browser has nothing; signing out deletes the key, and with it everything.
 */
import { DAY_LIFE, type Keep, type KeptDay, PageKeep } from "./keep";
import type { Statement } from "./statement";

const DATABASE = "vaka-phone";
const VERSION = 1;
const STATEMENTS = "statements";
const DAY = "day";
const KEY = "key";
const ONLY = "only";
/** Bytes; a fresh one for every record, as AES-GCM asks for. */
const NONCE = 12;

interface Sealed {
  readonly key: string;
  readonly order: number;
  readonly nonce: Uint8Array<ArrayBuffer>;
  readonly sealed: ArrayBuffer;
}

function answer<Value>(request: IDBRequest<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("the phone's own store failed"));
  });
}

function opened(): Promise<IDBDatabase> {
  const request = indexedDB.open(DATABASE, VERSION);
  request.onupgradeneeded = () => {
    request.result.createObjectStore(STATEMENTS, { keyPath: "key" });
    request.result.createObjectStore(DAY);
    request.result.createObjectStore(KEY);
  };
  return answer(request);
}

/** The sealed keep; one that lasts as long as the page where the browser has no store or no cryptography. */
export async function openKeep(): Promise<Keep> {
  try {
    const keep = new SealedKeep(await opened());
    await keep.statements();
    return keep;
  } catch {
    // A private window, a full disk or an address without https: whoever signs in is told that nothing is kept.
    return new PageKeep();
  }
}

class SealedKeep implements Keep {
  constructor(private readonly database: IDBDatabase) {}

  async statements(): Promise<readonly Statement[]> {
    const records = await answer(this.store(STATEMENTS, "readonly").getAll() as IDBRequest<Sealed[]>);
    records.sort((one, other) => one.order - other.order);
    const found = await Promise.all(records.map((record) => this.unseal<Statement>(record)));
    return found.filter((one): one is Statement => one !== null);
  }

  async add(statement: Statement): Promise<void> {
    const last = await answer(this.store(STATEMENTS, "readonly").getAll() as IDBRequest<Sealed[]>);
    const order = 1 + Math.max(0, ...last.map((record) => record.order));
    const record = await this.seal(statement.key, order, statement);
    await answer(this.store(STATEMENTS, "readwrite").add(record));
  }

  async replace(statement: Statement): Promise<void> {
    const before = await answer(this.store(STATEMENTS, "readonly").get(statement.key) as IDBRequest<Sealed | undefined>);
    if (!before) return;
    const record = await this.seal(statement.key, before.order, statement);
    await answer(this.store(STATEMENTS, "readwrite").put(record));
  }

  async drop(key: string): Promise<void> {
    await answer(this.store(STATEMENTS, "readwrite").delete(key));
  }

  async day(now: number): Promise<KeptDay | null> {
    const record = await answer(this.store(DAY, "readonly").get(ONLY) as IDBRequest<Sealed | undefined>);
    const kept = record ? await this.unseal<KeptDay>(record) : null;
    if (kept && now - kept.heard < DAY_LIFE) return kept;
    await this.forgetDay();
    return null;
  }

  async keepDay(day: KeptDay): Promise<void> {
    const record = await this.seal(ONLY, 0, day);
    await answer(this.store(DAY, "readwrite").put(record, ONLY));
  }

  async forgetDay(): Promise<void> {
    await answer(this.store(DAY, "readwrite").delete(ONLY));
  }

  async wipe(): Promise<void> {
    for (const name of [KEY, STATEMENTS, DAY]) await answer(this.store(name, "readwrite").clear());
  }

  private store(name: string, mode: IDBTransactionMode): IDBObjectStore {
    return this.database.transaction(name, mode).objectStore(name);
  }

  private async secret(): Promise<CryptoKey> {
    const known = await answer(this.store(KEY, "readonly").get(ONLY) as IDBRequest<CryptoKey | undefined>);
    if (known) return known;
    const made = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
    try {
      await answer(this.store(KEY, "readwrite").add(made, ONLY));
      return made;
    } catch {
      // Another window of the app was first: its key is the key.
      return answer(this.store(KEY, "readonly").get(ONLY) as IDBRequest<CryptoKey>);
    }
  }

  private async seal(key: string, order: number, value: object): Promise<Sealed> {
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE));
    const plain = new TextEncoder().encode(JSON.stringify(value));
    return { key, order, nonce, sealed: await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce }, await this.secret(), plain) };
  }

  /** Null for a record that was sealed under a key that is gone. */
  private async unseal<Value>(record: Sealed): Promise<Value | null> {
    try {
      const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv: record.nonce }, await this.secret(), record.sealed);
      return JSON.parse(new TextDecoder().decode(plain)) as Value;
    } catch {
      return null;
    }
  }
}
