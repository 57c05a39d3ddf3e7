/** Which agents have a socket now, on any node, and when they were last seen. */
import type { Clock, LeaseChange, Leases, Subscription } from "../../kit/index.ts";
import type { Unit } from "./study.ts";

const prefix = "crowd.here.";

/** What the presence is made of. */
export interface PresenceParts {
  readonly leases: Leases;
  readonly clock: Clock;
  readonly unitTimeoutMs: number;
  /** Whether an agent has a unit that is not completed: of others nothing needs to be known. */
  isOpen(agent: string): boolean;
}

/**
 * Each socket of an agent holds a lease. When the last one has gone is known to the nodes that run then; one that starts later counts from its own
 * start, so that a restart takes no unit from anybody.
 */
export class Presence {
  readonly #parts: PresenceParts;
  readonly #startedMs: number;
  readonly #here = new Map<string, Set<string>>();
  readonly #seenMs = new Map<string, number>();
  #watch: Subscription | undefined;

  private constructor(parts: PresenceParts) {
    this.#parts = parts;
    this.#startedMs = parts.clock.now();
  }

  static async open(parts: PresenceParts): Promise<Presence> {
    const presence = new Presence(parts);
    presence.#watch = await parts.leases.watch(prefix, (change) => presence.#apply(change));
    return presence;
  }

  /** Whether nobody has worked on the unit for so long that it is given to someone else. */
  isAbandoned({ agent }: Unit): boolean {
    if (this.#here.has(agent.id)) return false;
    const seenMs = Math.max(agent.assignedMs, this.#startedMs, this.#seenMs.get(agent.id) ?? 0);
    return this.#parts.clock.now() - seenMs >= this.#parts.unitTimeoutMs;
  }

  /** The agent has shown a sign of life other than a socket. */
  seen(agent: string): void {
    if (this.#parts.isOpen(agent)) this.#seenMs.set(agent, this.#parts.clock.now());
  }

  /** A socket of the agent. Resolves to what gives it up. `lost`: other nodes do not see it any more. */
  async arrive(agent: string, connection: string, lost: () => void): Promise<() => Promise<void>> {
    const acquired = await this.#parts.leases.acquire(`${prefix}${agent}.${connection}`, "", {
      lost,
    });
    return async () => {
      if ("lease" in acquired) await acquired.lease.release();
    };
  }

  /** The agent has no open unit any more. */
  forget(agent: string): void {
    this.#seenMs.delete(agent);
  }

  stop(): void {
    this.#watch?.stop();
  }

  #apply({ key, holder }: LeaseChange): void {
    const agent = key.slice(prefix.length).split(".")[0] ?? "";
    const sockets = this.#here.get(agent) ?? new Set();
    if (holder === null) sockets.delete(key);
    else sockets.add(key);
    if (sockets.size > 0) this.#here.set(agent, sockets);
    else if (this.#here.delete(agent)) this.seen(agent);
  }
}
