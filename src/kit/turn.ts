/** The end of an event-loop turn: when outboxes write. */

/** Something that has to be flushed at the end of this turn. */
export interface Flushable {
  flush(): void;
}

/**
 * Flushes, once, whatever was added during one turn of the event loop. This is why a burst of messages to one connection
 * costs one write, not one each.
 */
export class Turn {
  readonly #schedule: (run: () => void) => void;
  #added: Flushable[] = [];

  /** `schedule` calls back after the I/O callbacks of the present turn; the default is setImmediate. */
  constructor(schedule: (run: () => void) => void = setImmediate) {
    this.#schedule = schedule;
  }

  /** Has `item.flush()` called at the end of this turn. Add an item once a turn. */
  add(item: Flushable): void {
    if (this.#added.push(item) === 1) this.#schedule(this.#run);
  }

  readonly #run = (): void => {
    const added = this.#added;
    this.#added = [];
    for (const item of added) item.flush();
  };
}
