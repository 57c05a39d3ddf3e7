/** Stores what is decided: one decision at a time for each subject, on condition that the book knew its last event. */
import { isSwitchboardError, type Log } from "../../kit/index.ts";
import type { Book } from "./book.ts";
import { type CrowdEvent, printEvent } from "./crowd-event.ts";

/** What is to be stored (nothing: it is so already), and what the caller is told then. */
export interface Decision<T> {
  readonly events: readonly CrowdEvent[];
  readonly result: T;
}

/**
 * So two nodes never decide on the same facts: the one that comes second catches up and decides again. A decision of a study may
 * wait for one of a worker, never the other way round.
 */
export class Decisions {
  readonly #log: Log;
  readonly #book: Book;
  /** The last decision of each subject that has not ended. */
  readonly #lanes = new Map<string, Promise<unknown>>();

  constructor(log: Log, book: Book) {
    this.#log = log;
    this.#book = book;
  }

  /**
   * Resolves to the decision's result when its events are durable and in the book. `decide` may be called again, after a conflict; what it
   * throws is passed on. One event is stored whole or not at all, of several perhaps only the first ones.
   */
  async take<T>(subject: string, decide: () => Decision<T> | Promise<Decision<T>>): Promise<T> {
    const before = this.#lanes.get(subject);
    const running = (async () => {
      // Whether the one before went well is its caller's affair.
      await before?.catch(() => {});
      return this.#decide(subject, decide);
    })();
    this.#lanes.set(subject, running);
    try {
      return await running;
    } finally {
      if (this.#lanes.get(subject) === running) this.#lanes.delete(subject);
    }
  }

  async #decide<T>(subject: string, decide: () => Decision<T> | Promise<Decision<T>>): Promise<T> {
    for (;;) {
      const expect = this.#book.last(subject);
      const { events, result } = await decide();
      if (events.length === 0) return result;
      try {
        const stored = await this.#log.append(
          subject,
          events.map((event) => ({ data: printEvent(event) })),
          { expect },
        );
        await this.#log.caughtUp(stored.at(-1)?.offset ?? 0);
        return result;
      } catch (error) {
        if (!isSwitchboardError(error, "log_conflict")) throw error;
        await this.#log.caughtUp(Number(error.details.last));
      }
    }
  }
}
