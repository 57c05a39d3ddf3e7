/** Bounds the bytes that the process holds for its clients, in all and for each address. */

/** The bounds of a budget. */
export interface ByteBudgetLimits {
  /** Most bytes in all. */
  readonly total: number;
  /** Most bytes of one address. */
  readonly perAddress: number;
}

/**
 * A counter of reserved bytes. Whoever reserves bytes releases the same number, or the budget stays
 * used up. Holds one entry for each address that has bytes reserved.
 */
export class ByteBudget {
  readonly #limits: ByteBudgetLimits;
  readonly #byAddress = new Map<string, number>();
  #used = 0;

  constructor(limits: ByteBudgetLimits) {
    this.#limits = limits;
  }

  /** Bytes reserved now. */
  get used(): number {
    return this.#used;
  }

  /** Reserves `bytes` and returns true; returns false and reserves nothing if that is too much. */
  reserve(address: string, bytes: number): boolean {
    const ofAddress = (this.#byAddress.get(address) ?? 0) + bytes;
    if (this.#used + bytes > this.#limits.total || ofAddress > this.#limits.perAddress) {
      return false;
    }
    this.#used += bytes;
    if (bytes > 0) this.#byAddress.set(address, ofAddress);
    return true;
  }

  /** Releases bytes that were reserved for this address. */
  release(address: string, bytes: number): void {
    if (bytes === 0) return;
    this.#used -= bytes;
    const left = (this.#byAddress.get(address) ?? 0) - bytes;
    if (left > 0) this.#byAddress.set(address, left);
    else this.#byAddress.delete(address);
  }
}
