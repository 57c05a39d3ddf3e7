/** Group commit: what is asked for in one turn of the event loop is stored in one transaction. */
import { isSwitchboardError, messageOf, SwitchboardError } from "../../wire/error.ts";
import type { DataFile } from "./data-file.ts";

/** A log, as far as transactions go. */
export interface Part {
  /** Inside the transaction: its last call. */
  save(): void;
  /** After it: keeps (and hands on) or drops what it did. */
  settle(stored: boolean): void;
}

interface Waiting {
  readonly part: Part;
  readonly bytes: number;
  /** Runs inside the transaction. */
  readonly work: () => unknown;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** A turn that asks for more than this is stored in several transactions, with other work between them. */
const maxTransactionBytes = 8 * 1024 * 1024;

export class Commits {
  readonly #file: DataFile;
  readonly #maxWaitingBytes: number;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #scheduled = false;
  #transactions = 0;
  #failures = 0;
  #failure: string | undefined;

  constructor(file: DataFile, maxWaitingBytes: number) {
    this.#file = file;
    this.#maxWaitingBytes = maxWaitingBytes;
  }

  /** Why the last transaction failed; undefined if it did not. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /**
   * Runs `work` in the transaction at the end of this turn, after all that was asked for before; gives its result once that is
   * committed. If it throws a SwitchboardError, only its own caller is told; if anything else fails, all are, with `log_unavailable`.
   * Rejects with `log_unavailable` if too much waits already.
   */
  run<T>(part: Part, bytes: number, work: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#waitingBytes >= this.#maxWaitingBytes) {
        const message = `${this.#waitingBytes} bytes wait to be stored, the limit is ${this.#maxWaitingBytes}: try again later`;
        reject(new SwitchboardError("log_unavailable", message));
        return;
      }
      this.#waitingBytes += bytes;
      this.#waiting.push({ part, bytes, work, resolve: (value) => resolve(value as T), reject });
      this.#schedule();
    });
  }

  /**
   * Runs `work` in a transaction of its own, now. Gives undefined if it failed, which `failure` tells. While there is a failure,
   * it writes something in any case, so that an engine to which nobody appends finds out when it can store again.
   */
  upkeep<T>(parts: Iterable<Part>, work: () => T): T | undefined {
    try {
      return this.#transaction(parts, () => {
        if (this.#failure !== undefined) this.#file.touch();
        return work();
      });
    } catch {
      return undefined;
    }
  }

  /** Resolves when nothing waits. */
  async drained(): Promise<void> {
    while (this.#scheduled) await new Promise<void>((resolve) => setImmediate(resolve));
  }

  stats(): Record<string, number> {
    return {
      log_transactions_total: this.#transactions,
      log_failed_transactions_total: this.#failures,
      log_waiting_bytes: this.#waitingBytes,
    };
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#commit);
  }

  readonly #commit = (): void => {
    this.#scheduled = false;
    const batch = this.#take();
    if (this.#waiting.length > 0) this.#schedule();
    const answers: (() => void)[] = [];
    try {
      this.#transaction(new Set(batch.map((waiting) => waiting.part)), () => {
        for (const waiting of batch) answers.push(answer(waiting));
      });
    } catch (error) {
      const message = `nothing was stored: ${messageOf(error)}`;
      for (const waiting of batch)
        waiting.reject(new SwitchboardError("log_unavailable", message, {}, { cause: error }));
      return;
    }
    this.#transactions++;
    for (const tell of answers) tell();
  };

  #take(): Waiting[] {
    let bytes = 0;
    const end = this.#waiting.findIndex((waiting) => {
      bytes += waiting.bytes;
      return bytes > maxTransactionBytes;
    });
    // One that is too large for itself goes alone.
    const batch = this.#waiting.splice(0, end === -1 ? this.#waiting.length : Math.max(1, end));
    for (const waiting of batch) this.#waitingBytes -= waiting.bytes;
    return batch;
  }

  #transaction<T>(parts: Iterable<Part>, work: () => T): T {
    let result: T;
    try {
      result = this.#file.transaction(() => {
        const value = work();
        for (const part of parts) part.save();
        return value;
      });
    } catch (error) {
      this.#failures++;
      this.#failure = messageOf(error);
      for (const part of parts) part.settle(false);
      throw error;
    }
    this.#failure = undefined;
    for (const part of parts) part.settle(true);
    return result;
  }
}

/** Does one caller's work and gives how to answer it, once the transaction is committed. */
function answer(waiting: Waiting): () => void {
  try {
    const value = waiting.work();
    return () => waiting.resolve(value);
  } catch (error) {
    if (!isSwitchboardError(error)) throw error;
    return () => waiting.reject(error);
  }
}
