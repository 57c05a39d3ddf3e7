/** Ctrl-C, for commands that wait for something else meanwhile. */

/** One listener on the signal, however often it is waited for. */
export class Interruption {
  readonly #signal: AbortSignal;
  readonly #waiting = new Set<() => void>();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener("abort", () => {
      for (const stop of this.#waiting) stop();
    });
  }

  get happened(): boolean {
    return this.#signal.aborted;
  }

  /** What `work` comes to, or undefined as soon as it is interrupted. */
  or<T>(work: Promise<T>): Promise<T | undefined> {
    if (this.happened) return Promise.resolve(undefined);
    return new Promise((resolve, reject) => {
      const stop = () => resolve(undefined);
      this.#waiting.add(stop);
      work.then(resolve, reject).finally(() => this.#waiting.delete(stop));
    });
  }
}
