/** The end of an event-loop turn: when outboxes write, and when busy connections let others go first. */

/** Something that has to be done at the end of this turn. */
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
  #number = 0;

  /** `schedule` calls back after the I/O callbacks of the present turn; the default is setImmediate. */
  constructor(schedule: (run: () => void) => void = setImmediate) {
    this.#schedule = schedule;
  }

  /** Changes with every turn at whose end there was something to do. */
  get number(): number {
    return this.#number;
  }

  /** Has `item.flush()` called at the end of this turn, as often as it was added. What is added by a flush waits for the next turn. */
  add(item: Flushable): void {
    if (this.#added.push(item) === 1) this.#schedule(this.#run);
  }

  readonly #run = (): void => {
    this.#number++;
    const added = this.#added;
    this.#added = [];
    for (const item of added) item.flush();
  };
}
