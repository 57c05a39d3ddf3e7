/** The states of a connection as an async iterator. */
import type { ConnectionState } from "./state.ts";

/** A reader that is this far behind loses the oldest. */
const maxWaiting = 100;

/** Yields what is pushed, in order. One that reads too slowly misses the oldest of more than 100, never the newest. */
export class StateStream implements AsyncIterableIterator<ConnectionState> {
  readonly #waiting: ConnectionState[] = [];
  readonly #readers: ((result: IteratorResult<ConnectionState>) => void)[] = [];
  readonly #left: (stream: StateStream) => void;
  #ended = false;

  /** `left` is called once when nobody reads any more. */
  constructor(left: (stream: StateStream) => void) {
    this.#left = left;
  }

  /** `closed` is the last. */
  push(state: ConnectionState): void {
    if (this.#ended) return;
    const reader = this.#readers.shift();
    if (reader === undefined) {
      this.#waiting.push(state);
      if (this.#waiting.length > maxWaiting) this.#waiting.shift();
    } else reader({ value: state, done: false });
    if (state.status === "closed") this.#end();
  }

  next(): Promise<IteratorResult<ConnectionState>> {
    const value = this.#waiting.shift();
    if (value !== undefined) return Promise.resolve({ value, done: false });
    if (this.#ended) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve) => this.#readers.push(resolve));
  }

  return(): Promise<IteratorResult<ConnectionState>> {
    this.#waiting.length = 0;
    this.#end();
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const reader of this.#readers.splice(0)) reader({ value: undefined, done: true });
    this.#left(this);
  }
}
