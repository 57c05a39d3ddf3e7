/** Looks at every open connection of the node, at most once a second. */
import type { Clock, Connection, ServerView, Timer } from "../../kit/index.ts";

/** What was found at the connections of one service. */
interface Counted {
  readonly unsentBytes: number;
  readonly slowConnections: number;
  /** By those that are open now. */
  readonly skipped: number;
}

/** What one look has found. */
export interface Count {
  /** By service. */
  readonly services: ReadonlyMap<string, Counted>;
  /** The connections for which bytes waited, with how many. */
  readonly slow: readonly {
    readonly connection: Connection;
    readonly service: string;
    readonly unsentBytes: number;
  }[];
}

/** What a look found serves everybody for so long. */
const lookEveryMs = 1000;

/**
 * One look costs a few property reads for each connection: 2 to 4 ms of the event loop for 10,000, several times that in the first seconds, before the
 * code is compiled (`bench/overview.ts` measures the whole).
 * Nobody looks, and nothing is kept, while nobody asks.
 */
export class Census {
  readonly #server: ServerView;
  readonly #clock: Clock;
  #last: Count | undefined;
  #forget: Timer | undefined;

  constructor(server: ServerView, clock: Clock) {
    this.#server = server;
    this.#clock = clock;
  }

  /** What the last look found, if that was within the second; else looks. */
  recent(): Count {
    return this.#last ?? this.look();
  }

  /** Looks now. To be called once a second at the most. */
  look(): Count {
    const services = new Map<string, Counted>();
    const slow: Count["slow"][number][] = [];
    for (const { contract, connections } of this.#server.services) {
      let [bytes, skipped] = [0, 0];
      const slowBefore = slow.length;
      for (const connection of connections) {
        skipped += connection.skipped;
        const { unsentBytes } = connection;
        if (unsentBytes === 0) continue;
        bytes += unsentBytes;
        slow.push({ connection, service: contract.name, unsentBytes });
      }
      services.set(contract.name, {
        unsentBytes: bytes,
        slowConnections: slow.length - slowBefore,
        skipped,
      });
    }
    const count = { services, slow };
    this.#last = count;
    this.#forget?.cancel();
    // Not kept for longer: it holds connections that may have ended.
    this.#forget = this.#clock.after(lookEveryMs, () => {
      this.#last = undefined;
      this.#forget = undefined;
    });
    return count;
  }
}
