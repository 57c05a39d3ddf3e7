/** The end of an event-loop turn: outboxes write, and busy connections let others go first. */

/** Something that has to be done at the end of a turn. */
export interface Flushable {
  flush(): void;
}

/** So many items of one turn are flushed before whatever else is due has its turn: about a third of a millisecond of writes. */
const sliceSize = 64;

/**
 * Busy connections that go on in one turn. Each handles up to 32 frames, so a turn stays below a
 * millisecond or two however many connections are busy.
 */
const deferredPerTurn = 4;

/**
 * Flushes, once, whatever was added during one turn of the event loop. This is why a burst of messages to one connection
 * costs one write, not one each. Where much was added (a message to a large topic), it is flushed in slices; in between, messages are read,
 * and what later turns added is flushed alongside, slice by slice: a client of a small topic does not wait for a large one.
 */
export class Turn {
  readonly #schedule: (run: () => void) => void;
  #added: Flushable[] = [];
  /** What is left of earlier turns, oldest first, and how far each has come. */
  #unfinished: { readonly items: readonly Flushable[]; next: number }[] = [];
  /** Busy connections in the order in which they go on. */
  #deferred: Flushable[] = [];
  #scheduled = false;
  #number = 0;

  /** `schedule` calls back after the I/O callbacks of the present turn; the default is setImmediate. */
  constructor(schedule: (run: () => void) => void = setImmediate) {
    this.#schedule = schedule;
  }

  /** Changes with every turn at whose end there was something to do. */
  get number(): number {
    return this.#number;
  }

  /**
   * Has `item.flush()` called at the end of this turn, or of one soon after, as often as it was added; items that were added in one turn in
   * the order of adding. What is added by a flush waits for the next turn.
   */
  add(item: Flushable): void {
    this.#added.push(item);
    this.#goOn();
  }

  /**
   * Calls `item.flush()` once, in a later turn. Only a few deferred items are flushed in one turn,
   * first come, first served, so that sockets are read in between: for work that others must not
   * wait for. The caller defers an item again only after it was flushed.
   */
  defer(item: Flushable): void {
    this.#deferred.push(item);
    this.#goOn();
  }

  #goOn(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#schedule(this.#run);
  }

  readonly #run = (): void => {
    this.#scheduled = false;
    this.#number++;
    const due =
      this.#added.length === 0
        ? this.#unfinished
        : [...this.#unfinished, { items: this.#added, next: 0 }];
    this.#added = [];
    for (const turn of due) {
      const end = Math.min(turn.next + sliceSize, turn.items.length);
      while (turn.next < end) turn.items[turn.next++]?.flush();
    }
    this.#unfinished = due.filter(({ items, next }) => next < items.length);
    if (this.#deferred.length > 0) {
      for (const item of this.#deferred.splice(0, deferredPerTurn)) item.flush();
    }
    if (this.#unfinished.length > 0 || this.#deferred.length > 0) this.#goOn();
  };
}
