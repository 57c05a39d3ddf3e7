/** An outbox in a file. */
import { isSwitchboardError, messageOf, SwitchboardError } from "../../wire/error.ts";
import type { OutboxStore, StoredMessage } from "../outbox-store.ts";
import { Journal } from "./journal.ts";
import type { JournalEntry } from "./journal-lines.ts";

/** Options of `FileOutboxStore`. */
export interface FileOutboxStoreOptions {
  /**
   * `process`: what is stored survives the death of the process, `kill -9` included, but a power cut or a crash of the system may lose the
   * last seconds of it. `disk`: each write is synced (fdatasync) before it counts, so that it survives a power cut too, as far as the disk
   * keeps its word; some milliseconds for each batch. Default `process`.
   */
  readonly durability?: "process" | "disk";
  /** A journal that is larger, and more than half of messages that are settled, is rewritten; default 1 MiB. */
  readonly compactAboveBytes?: number;
}

/** So many notes are written at once at most. */
const maxBatch = 1000;

interface Queued {
  readonly entry: JournalEntry;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Keeps an outbox in one file, a journal of JSON lines: `connect(url, {outbox: {store: new FileOutboxStore("outbox.jsonl")}})`.
 *
 * For one connection at a time: a second opener, in this process or another of this machine, is refused with `data_locked`, whose message
 * says who has it (the lock is a file beside it; that of a dead process is taken over; in containers, keep the host name over restarts).
 * The file may be read by its owner only (0600), since texts may be private; they are not encrypted. It is as large as the messages that
 * wait, and as much again, plus `compactAboveBytes`. A last line that was not written whole is ignored.
 *
 * What fails rejects with `data_locked`, `data_version` (a newer version's file) or `outbox_unavailable` (the system's reason in the
 * message: no room, no permission). What was refused once at opening stays so: make a new store to try again.
 */
export class FileOutboxStore implements OutboxStore {
  readonly #path: string;
  readonly #options: FileOutboxStoreOptions;
  #opening: Promise<Journal> | undefined;
  /** What an earlier run left, until it is asked for. */
  #left: readonly StoredMessage[] = [];
  #queue: Queued[] = [];
  #writing: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  /** Nothing is opened before the first call. */
  constructor(path: string, options: FileOutboxStoreOptions = {}) {
    this.#path = path;
    this.#options = options;
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
    return this.#note({ put: message });
  }

  markWritten(id: string): Promise<void> {
    return this.#note({ written: id });
  }

  remove(id: string): Promise<void> {
    return this.#note({ removed: id });
  }

  /** Resolves when everything asked for before is done and the file is free. Never rejects. */
  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  #note(entry: JournalEntry): Promise<void> {
    if (this.#closing !== undefined) return Promise.reject(this.#closed());
    return new Promise((resolve, reject) => {
      this.#queue.push({ entry, resolve, reject });
      this.#writing ??= this.#write();
    });
  }

  /** Writes what is queued, all that has gathered meanwhile in one go. Never rejects. */
  async #write(): Promise<void> {
    // All of this turn.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, maxBatch);
      try {
        const journal = await this.#open();
        await journal.append(batch.map(({ entry }) => entry));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        const known = this.#unavailable("written", error);
        for (const { reject } of batch) reject(known);
      }
    }
    this.#writing = undefined;
  }

  #open(): Promise<Journal> {
    const { durability = "process", compactAboveBytes = 1 << 20 } = this.#options;
    this.#opening ??= Journal.open(this.#path, {
      sync: durability === "disk",
      compactAboveBytes,
    }).then(
      (journal) => {
        this.#left = journal.messages;
        return journal;
      },
      (error: unknown) => {
        throw this.#unavailable("opened", error);
      },
    );
    return this.#opening;
  }

  async #end(): Promise<void> {
    await this.#writing;
    // What was told to be stored is; there is nobody to be told that a file could not be closed.
    await this.#opening?.then((journal) => journal.close()).catch(() => {});
  }

  #closed(): SwitchboardError {
    return new SwitchboardError(
      "outbox_unavailable",
      `${this.#path} has been closed: make a new store`,
      { path: this.#path },
    );
  }

  #unavailable(what: string, error: unknown): SwitchboardError {
    if (isSwitchboardError(error)) return error;
    const reason = messageOf(error);
    return new SwitchboardError(
      "outbox_unavailable",
      `${this.#path} cannot be ${what}: ${reason}`,
      { path: this.#path },
      { cause: error },
    );
  }
}
