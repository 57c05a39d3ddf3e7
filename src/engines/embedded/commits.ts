/** Group commit: what is asked for in one turn of the event loop is stored in one transaction. */
import type { EngineLogger } from "../../kit/engine.ts";
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
const maxTransactionBytes = 1024 * 1024;

/** A failing store: logged once when it begins, once when it is over. */
interface Episode {
  readonly reason: string;
  readonly failures: number;
  readonly logged: boolean;
}

/** On a full disk small writes succeed between large ones that fail: each is an episode, but not each is logged. */
const logEveryMs = 10_000;

export class Commits {
  readonly #file: DataFile;
  readonly #maxWaitingBytes: number;
  readonly #logger: EngineLogger | undefined;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #scheduled = false;
  #transactions = 0;
  #failures = 0;
  #episode: Episode | undefined;
  #loggedAtMs = Number.NEGATIVE_INFINITY;

  constructor(file: DataFile, maxWaitingBytes: number, logger: EngineLogger | undefined) {
    this.#file = file;
    this.#maxWaitingBytes = maxWaitingBytes;
    this.#logger = logger;
  }

  /**
   * Why nothing can be stored: the open files are no longer at their paths, or a transaction failed and none has written anything
   * since. Undefined if it can.
   */
  get failure(): string | undefined {
    const fault = this.#file.fault();
    if (fault !== undefined && this.#episode === undefined) this.#fail(new Error(fault));
    return fault ?? this.#episode?.reason;
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
   * every transaction writes something in any case, so that an engine to which nobody appends finds out when it can store again.
   */
  upkeep<T>(parts: Iterable<Part>, work: () => T): T | undefined {
    try {
      return this.#transaction(parts, work);
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
        if (this.#episode !== undefined) this.#file.touch();
        const value = work();
        for (const part of parts) part.save();
        return value;
      });
    } catch (error) {
      this.#fail(error);
      for (const part of parts) part.settle(false);
      throw error;
    }
    this.#recover();
    for (const part of parts) part.settle(true);
    return result;
  }

  #fail(error: unknown): void {
    this.#failures++;
    const reason = messageOf(error);
    const { failures, logged } = this.#episode ?? { failures: 0, logged: this.#log(error) };
    this.#episode = { reason, failures: failures + 1, logged };
  }

  /** Returns whether it was logged. */
  #log(error: unknown): boolean {
    const now = performance.now();
    if (now - this.#loggedAtMs < logEveryMs) return false;
    this.#loggedAtMs = now;
    const code = codeOf(error);
    this.#logger?.error(
      { reason: messageOf(error), ...(code === undefined ? {} : { code }) },
      "cannot store: appends are refused until a write succeeds",
    );
    return true;
  }

  #recover(): void {
    if (this.#episode === undefined) return;
    if (this.#episode.logged)
      this.#logger?.info({ failures: this.#episode.failures }, "can store again");
    this.#episode = undefined;
  }
}

/** Such as `SQLITE_FULL`. */
function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
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
