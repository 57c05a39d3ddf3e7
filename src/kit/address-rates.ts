/** Token buckets, one for each client address. */
import type { Clock } from "./clock.ts";
import { Rate } from "./rate.ts";

/** Most addresses that are remembered; beyond it all are forgotten, which lets each burst again. */
const maxAddresses = 100_000;

/** Below this number of addresses nothing is looked through. */
const smallestSweep = 1000;

/**
 * Bounds how often each address may do one thing: `perSecond` times a second, in bursts of two
 * seconds' worth. Addresses that have been quiet are forgotten as others come, without a timer.
 */
export class AddressRates {
  readonly #perSecond: number;
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #rates = new Map<string, Rate>();
  #sweepAt = smallestSweep;

  constructor(perSecond: number, clock: Pick<Clock, "monotonic">) {
    this.#perSecond = perSecond;
    this.#clock = clock;
  }

  /** Number of addresses that are remembered. */
  get size(): number {
    return this.#rates.size;
  }

  /** True if one more event of this address is within the rate; counts it then. */
  take(address: string): boolean {
    let rate = this.#rates.get(address);
    if (rate === undefined) {
      if (this.#rates.size >= this.#sweepAt) this.#sweep();
      rate = new Rate(this.#perSecond, this.#clock);
      this.#rates.set(address, rate);
    }
    return rate.take();
  }

  #sweep(): void {
    for (const [address, rate] of this.#rates) if (rate.full) this.#rates.delete(address);
    if (this.#rates.size >= maxAddresses) this.#rates.clear();
    this.#sweepAt = Math.max(smallestSweep, 2 * this.#rates.size);
  }
}
