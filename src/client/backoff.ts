/** How long to wait before the next attempt: full jitter, so that clients who lost a server together do not come back together. */
import type { ComeBack } from "../wire/close-codes.ts";

/** The first delay is uniform below this. */
export const firstDelayMs = 4000;

const longestDelayMs = 86_400_000;

/**
 * Full jitter (Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015): uniform between 0 and a ceiling that begins at 4 s
 * and doubles with each failure in a row, up to `maxDelayMs`. Where the server said `later`, uniform in the upper half of
 * `maxDelayMs`. After a connection that was open (`reset`), however short, it begins anew. No delay is longer than a day.
 */
export class Backoff {
  readonly #maxDelayMs: number;
  readonly #random: () => number;
  #failures = 0;

  constructor(maxDelayMs: number, random: () => number) {
    this.#maxDelayMs = Math.min(maxDelayMs, longestDelayMs);
    this.#random = random;
  }

  /** The delay before the next attempt. */
  next(comeBack: Exclude<ComeBack, "no">): number {
    const max = this.#maxDelayMs;
    if (comeBack === "later") return max / 2 + (this.#random() * max) / 2;
    // 2^30 is beyond every maximum, and a number still.
    const ceilingMs = Math.min(max, firstDelayMs * 2 ** Math.min(this.#failures++, 30));
    return this.#random() * ceilingMs;
  }

  reset(): void {
    this.#failures = 0;
  }
}
