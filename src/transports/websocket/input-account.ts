/** What one connection has reserved of the process's budget for bytes that are not yet a message. */
import type { ByteBudget } from "../../kit/byte-budget.ts";

const limitNames = { total: "maxInputBytes", perAddress: "maxInputBytesPerAddress" } as const;

/** Keeps a reservation equal to what is held. */
export class InputAccount {
  readonly #budget: ByteBudget;
  readonly #address: string;
  #reservedBytes = 0;

  constructor(budget: ByteBudget, address: string) {
    this.#budget = budget;
    this.#address = address;
  }

  /**
   * Reserves or releases the difference to what was held before. Returns the name of the limit that
   * does not allow it, and then changes nothing.
   */
  hold(bytes: number): (typeof limitNames)[keyof typeof limitNames] | undefined {
    const more = bytes - this.#reservedBytes;
    if (more > 0) {
      const exceeded = this.#budget.exceeded(this.#address, more);
      if (!this.#budget.reserve(this.#address, more)) return limitNames[exceeded ?? "total"];
    } else this.#budget.release(this.#address, -more);
    this.#reservedBytes = bytes;
    return undefined;
  }
}
