/** Requests to track a box that have no object yet. */

/** What became of one. `nothing`: no object came in time. `unsent`: there was no connection. */
export type TrackResult =
  | { readonly is: "tracked"; readonly objectId: number }
  | { readonly is: "nothing" }
  | { readonly is: "unsent" };

interface Waiting {
  readonly settle: (result: TrackResult) => void;
  readonly timer: ReturnType<typeof setTimeout>;
}

/**
 * The protocol does not say which request an object comes from, but only those chosen by their box come without an image: the first
 * of them answers the oldest request.
 */
export class TrackRequests {
  readonly #waitMs: number;
  readonly #waiting = new Set<Waiting>();

  constructor(waitMs: number) {
    this.#waitMs = waitMs;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** `sent`: whether the request has left at all. Never rejects. */
  wait(sent: Promise<boolean>): Promise<TrackResult> {
    return new Promise((resolve) => {
      const settle = (result: TrackResult) => {
        if (!this.#waiting.delete(waiting)) return;
        clearTimeout(waiting.timer);
        resolve(result);
      };
      const waiting = { settle, timer: setTimeout(() => settle({ is: "nothing" }), this.#waitMs) };
      this.#waiting.add(waiting);
      void sent.then((isSent) => {
        if (!isSent) settle({ is: "unsent" });
      });
    });
  }

  /** An object without an image is tracked now. */
  tracked(objectId: number): void {
    const [oldest] = this.#waiting;
    oldest?.settle({ is: "tracked", objectId });
  }

  /** Nobody is answered any more. */
  close(): void {
    for (const { timer } of this.#waiting) clearTimeout(timer);
    this.#waiting.clear();
  }
}
