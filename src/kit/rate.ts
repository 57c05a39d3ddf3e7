/** A token bucket. */
import type { Clock } from "./clock.ts";

/** Lets `perSecond` events a second through, and bursts of up to two seconds' worth (at least one). */
export class Rate {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #clock: Pick<Clock, "monotonic">;
  #tokens: number;
  #atMs: number;

  constructor(perSecond: number, clock: Pick<Clock, "monotonic">) {
    this.#perSecond = perSecond;
    this.#burst = Math.max(1, perSecond * 2);
    this.#clock = clock;
    this.#tokens = this.#burst;
    this.#atMs = clock.monotonic();
  }

  /** True if one more event is within the rate. */
  take(): boolean {
    this.#refill();
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** True if the bucket is full: nothing happened lately, it need not be kept. */
  get full(): boolean {
    this.#refill();
    return this.#tokens >= this.#burst;
  }

  #refill(): void {
    const nowMs = this.#clock.monotonic();
    this.#tokens = Math.min(
      this.#burst,
      this.#tokens + ((nowMs - this.#atMs) / 1000) * this.#perSecond,
    );
    this.#atMs = nowMs;
  }
}
