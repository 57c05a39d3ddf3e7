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
  #refused = 0;

  constructor(limits: ByteBudgetLimits) {
    this.#limits = limits;
  }

  /** Bytes reserved now. */
  get used(): number {
    return this.#used;
  }

  /** How often `reserve` has returned false. */
  get refused(): number {
    return this.#refused;
  }

  /** Reserves `bytes` and returns true; returns false and reserves nothing if that is too much. */
  reserve(address: string, bytes: number): boolean {
    if (this.exceeded(address, bytes) !== undefined) {
      this.#refused++;
      return false;
    }
    const ofAddress = (this.#byAddress.get(address) ?? 0) + bytes;
    this.#used += bytes;
    if (bytes > 0) this.#byAddress.set(address, ofAddress);
    return true;
  }

  /** Names the bound that `bytes` more of this address exceed; undefined if they fit. */
  exceeded(address: string, bytes: number): keyof ByteBudgetLimits | undefined {
    if (this.#used + bytes > this.#limits.total) return "total";
    const ofAddress = (this.#byAddress.get(address) ?? 0) + bytes;
    return ofAddress > this.#limits.perAddress ? "perAddress" : undefined;
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
