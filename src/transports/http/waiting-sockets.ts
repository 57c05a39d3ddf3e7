/** Counts the sockets that hold a place without a request that is being answered. */
import type { Limits } from "../../contract/index.ts";

/** The bounds of the count. */
type SocketLimits = Pick<Limits, "maxWaitingSockets" | "maxWaitingSocketsPerAddress">;

/**
 * The sockets, in all and by address, that wait for a request: just opened, idle between two
 * requests, or in the middle of sending one. A socket that became a connection is not among them.
 */
export class WaitingSockets {
  readonly #limits: SocketLimits;
  readonly #byAddress = new Map<string, number>();
  #size = 0;

  constructor(limits: SocketLimits) {
    this.#limits = limits;
  }

  /** Number of waiting sockets. */
  get size(): number {
    return this.#size;
  }

  /** The name of the limit that one more socket of this address would pass; undefined if none. */
  limitReached(address: string): keyof SocketLimits | undefined {
    const { maxWaitingSockets, maxWaitingSocketsPerAddress } = this.#limits;
    if (this.#size >= maxWaitingSockets) return "maxWaitingSockets";
    const ofAddress = this.#byAddress.get(address) ?? 0;
    return ofAddress >= maxWaitingSocketsPerAddress ? "maxWaitingSocketsPerAddress" : undefined;
  }

  add(address: string): void {
    this.#size++;
    this.#byAddress.set(address, (this.#byAddress.get(address) ?? 0) + 1);
  }

  remove(address: string): void {
    this.#size--;
    const left = (this.#byAddress.get(address) ?? 1) - 1;
    if (left === 0) this.#byAddress.delete(address);
    else this.#byAddress.set(address, left);
  }
}
