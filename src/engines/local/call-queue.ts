/** Calls made one after another in a later turn of the event loop, so that whoever causes one is never inside it. */

export class CallQueue {
  readonly #maxWaiting: number;
  #waiting: (() => void)[] = [];
  #dropped = 0;
  #failed = 0;

  /** Beyond `maxWaiting` calls of one turn further ones are dropped; default: none is (use it where callers are bounded). */
  constructor(maxWaiting = Number.POSITIVE_INFINITY) {
    this.#maxWaiting = maxWaiting;
  }

  /** Calls that were dropped. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Calls that threw; the others went on. */
  get failed(): number {
    return this.#failed;
  }

  add(call: () => void): void {
    if (this.#waiting.length >= this.#maxWaiting) {
      this.#dropped++;
      return;
    }
    if (this.#waiting.push(call) === 1) setImmediate(this.#run);
  }

  readonly #run = (): void => {
    const calls = this.#waiting;
    this.#waiting = [];
    for (const call of calls) {
      try {
        call();
      } catch {
        this.#failed++;
      }
    }
  };
}
