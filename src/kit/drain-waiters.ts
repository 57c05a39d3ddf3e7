/** Who waits until what was delivered so far has left the process. */

/**
 * What a waiter waits for may still be queued; once the queue has moved to the socket, it waits for
 * the socket. So what is delivered later does not make it wait longer.
 */
export class DrainWaiters {
  #forQueue: (() => void)[] | undefined;
  #forSocket: (() => void)[] | undefined;

  /** Resolves when all has left that was delivered before this call, or with `releaseAll`. */
  wait(): Promise<void> {
    return new Promise((resolve) => {
      this.#forQueue ??= [];
      this.#forQueue.push(resolve);
    });
  }

  /** The socket has nothing unsent; what is queued goes to it next. */
  socketDrained(): void {
    for (const release of this.#forSocket ?? []) release();
    this.#forSocket = this.#forQueue;
    this.#forQueue = undefined;
  }

  /** Nothing is queued or unsent any more, or the connection has ended. */
  releaseAll(): void {
    const all = [...(this.#forSocket ?? []), ...(this.#forQueue ?? [])];
    this.#forSocket = undefined;
    this.#forQueue = undefined;
    for (const release of all) release();
  }
}
