/** An outbox in the browser's database. */
import { isSwitchboardError, SwitchboardError } from "../../wire/error.ts";
import type { OutboxStore, StoredMessage } from "../outbox-store.ts";
import { isStoredMessage } from "../stored-message.ts";
import { takeWebLock } from "./web-lock.ts";

/** Options of `IndexedDbOutboxStore`. */
export interface IndexedDbOutboxStoreOptions {
  /**
   * `process`: what is stored survives a reload and the death of the page or the browser; a power cut may lose the last seconds of it.
   * `disk`: the browser is asked to flush each write to the disk before it counts. Default `process`.
   */
  readonly durability?: "process" | "disk";
}

const version = 1;
const objectStore = "messages";

/** An open database. */
interface Opened {
  readonly database: IDBDatabase;
  readonly release: () => void;
}

/**
 * Keeps an outbox in IndexedDB: `connect(url, {outbox: {store: new IndexedDbOutboxStore("orders")}})`.
 *
 * One name is for one connection at a time, over all tabs of the origin: a second one is refused with `data_locked` after a second (by
 * `navigator.locks`; a page from an insecure origin has none, and two tabs would then both send what an earlier run has left). What is
 * stored is as private as the origin's other storage, and goes with it when the user clears it.
 *
 * What fails rejects with `data_locked`, `data_version` (a newer version's database) or `outbox_unavailable` (no room, no IndexedDB as in
 * some private windows; the message says which). What was refused once at opening stays so: make a new store to try again.
 */
export class IndexedDbOutboxStore implements OutboxStore {
  readonly #name: string;
  readonly #durability: IDBTransactionDurability;
  #opening: Promise<Opened> | undefined;
  /** What an earlier run left, until it is asked for. */
  #left: readonly StoredMessage[] = [];
  /** Where each message stands, by id; keys grow. */
  readonly #keys = new Map<string, number>();
  #lastKey = 0;
  /** The last call: the next one begins when it has taken effect. */
  #last: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;

  /** Nothing is opened before the first call. */
  constructor(name: string, { durability = "process" }: IndexedDbOutboxStoreOptions = {}) {
    this.#name = `switchboard-outbox-${name}`;
    this.#durability = durability === "disk" ? "strict" : "relaxed";
  }

  /** What an earlier run left, oldest first; nothing if asked again. */
  async load(): Promise<readonly StoredMessage[]> {
    if (this.#closing !== undefined) throw this.#closed();
    await this.#open();
    const left = this.#left;
    this.#left = [];
    return left;
  }

  put(message: StoredMessage): Promise<void> {
    return this.#change((messages) => {
      const key = this.#keys.get(message.id) ?? ++this.#lastKey;
      messages.put(message, key);
      return () => this.#keys.set(message.id, key);
    });
  }

  markWritten(id: string): Promise<void> {
    return this.#change((messages) => {
      const key = this.#keys.get(id);
      if (key === undefined) return () => {};
      const request = messages.get(key);
      request.onsuccess = () => {
        if (isStoredMessage(request.result))
          messages.put({ ...request.result, written: true }, key);
      };
      return () => {};
    });
  }

  remove(id: string): Promise<void> {
    return this.#change((messages) => {
      const key = this.#keys.get(id);
      if (key === undefined) return () => {};
      messages.delete(key);
      return () => this.#keys.delete(id);
    });
  }

  /** Resolves when everything asked for before is done and the name is free. Never rejects. */
  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  /** Has `work` make its requests in a transaction of its own; what it returns is called when that is complete. */
  #change(work: (messages: IDBObjectStore) => () => void): Promise<void> {
    if (this.#closing !== undefined) return Promise.reject(this.#closed());
    const changed = this.#last.then(async () => {
      const { database } = await this.#open();
      try {
        const transaction = database.transaction(objectStore, "readwrite", {
          durability: this.#durability,
        });
        const done = work(transaction.objectStore(objectStore));
        await completion(transaction);
        done();
      } catch (error) {
        throw this.#unavailable("written", error);
      }
    });
    this.#last = changed.catch(() => {});
    return changed;
  }

  #open(): Promise<Opened> {
    this.#opening ??= this.#openNow().catch((error: unknown) => {
      throw this.#unavailable("opened", error);
    });
    return this.#opening;
  }

  async #openNow(): Promise<Opened> {
    const release = await takeWebLock(this.#name);
    try {
      const database = await this.#openDatabase();
      const messages = database.transaction(objectStore).objectStore(objectStore);
      const [keys, values] = await Promise.all([
        result(messages.getAllKeys()),
        result(messages.getAll()),
      ]);
      const left: StoredMessage[] = [];
      for (const [at, value] of values.entries()) {
        const key = Number(keys[at]);
        this.#lastKey = Math.max(this.#lastKey, key);
        if (!isStoredMessage(value)) continue;
        this.#keys.set(value.id, key);
        left.push(value);
      }
      this.#left = left;
      return { database, release };
    } catch (error) {
      release();
      throw error;
    }
  }

  #openDatabase(): Promise<IDBDatabase> {
    // Undefined where a browser withholds it; the types do not say so.
    const factory: IDBFactory | undefined = globalThis.indexedDB;
    if (factory === undefined)
      throw new Error("this browser has no IndexedDB here (a private window?)");
    const request = factory.open(this.#name, version);
    request.onupgradeneeded = () => request.result.createObjectStore(objectStore);
    return result(request);
  }

  async #end(): Promise<void> {
    await this.#last;
    await this.#opening?.then(
      ({ database, release }) => {
        database.close();
        release();
      },
      // It was never open.
      () => {},
    );
  }

  #closed(): SwitchboardError {
    return new SwitchboardError(
      "outbox_unavailable",
      `the outbox ${this.#name} has been closed: make a new store`,
      { name: this.#name },
    );
  }

  #unavailable(what: string, error: unknown): SwitchboardError {
    if (isSwitchboardError(error)) return error;
    const name = this.#name;
    const { name: kind = "", message = String(error) } =
      error instanceof Error || error instanceof DOMException ? error : {};
    if (kind === "VersionError") {
      return new SwitchboardError(
        "data_version",
        `the database ${name} was written by a newer version: use that one`,
        { name },
      );
    }
    const reason =
      kind === "QuotaExceededError"
        ? "the storage that the browser gives this origin is full: remove something, or send with a smaller outbox"
        : message;
    return new SwitchboardError(
      "outbox_unavailable",
      `the outbox ${name} cannot be ${what}: ${reason}`,
      { name },
      { cause: error },
    );
  }
}

function result<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function completion(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () =>
      reject(transaction.error ?? new Error("the browser has ended the transaction"));
  });
}
