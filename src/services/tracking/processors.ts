/** The camera processors: who has which camera's id, over all nodes. */
import { createHash } from "node:crypto";
import {
  type Connection,
  fromSubjectToken,
  type Lease,
  type Leases,
  maxSubjectLength,
  type Subscription,
  SwitchboardError,
  subjectToken,
} from "../../kit/index.ts";
import { SpottedNow } from "./rules.ts";

/** A processor on this node. */
export interface Processor {
  readonly id: string;
  readonly connection: Connection;
  readonly lease: Lease;
  readonly spotted: SpottedNow;
}

/** A camera whose processor is connected, to whichever node. */
export interface ListedCamera {
  readonly cameraId: string;
  /** ms since 1970. */
  readonly since: number;
}

export interface ProcessorsParts {
  readonly leases: Leases;
  readonly maxCameras: number;
  /** ms since 1970. */
  now(): number;
  /** A connection lost its id: to another one, or with its node's session. */
  evicted(connection: Connection, why: "stolen" | "session"): void;
}

/** Leases of processors begin so. */
const leasePrefix = "tracking.";

/** Each holds the lease of its id. A newcomer takes it from whoever has it, on whichever node. */
export class Processors {
  readonly #parts: ProcessorsParts;
  readonly #byId = new Map<string, Processor>();
  readonly #byConnection = new Map<Connection, Processor>();
  /** Keys of the leases that are held, on all nodes. May be behind by what is under way to this node. */
  readonly #held = new Set<string>();
  #watch: Subscription | undefined;

  private constructor(parts: ProcessorsParts) {
    this.#parts = parts;
  }

  static async open(parts: ProcessorsParts): Promise<Processors> {
    const processors = new Processors(parts);
    const held = processors.#held;
    processors.#watch = await parts.leases.watch(leasePrefix, ({ key, holder }) => {
      if (holder === null) held.delete(key);
      else held.add(key);
    });
    return processors;
  }

  /** The processor that a connection of this node has said to be. */
  of(connection: Connection): Processor | undefined {
    return this.#byConnection.get(connection);
  }

  /** The processor of a camera, if it is on this node. */
  at(id: string): Processor | undefined {
    return this.#byId.get(id);
  }

  /** Whether some node has a processor of this id. */
  async isPresent(id: string): Promise<boolean> {
    const key = leaseKey(id);
    if (this.#held.has(key)) return true;
    // It may have come to another node just now.
    return (await this.#parts.leases.list(key)).some((holder) => holder.key === key);
  }

  /** All that are connected, by id. */
  async list(): Promise<readonly ListedCamera[]> {
    const cameras = (await this.#parts.leases.list(leasePrefix)).map(
      ({ value }) => JSON.parse(value) as ListedCamera,
    );
    return cameras.sort((a, b) => (a.cameraId < b.cameraId ? -1 : 1));
  }

  /**
   * Gives the connection the id, and frees the one it had. Resolves to false if somebody else has taken it meanwhile, and the connection
   * is closed. Rejects with `over_capacity`.
   */
  async register(connection: Connection, id: string): Promise<boolean> {
    const before = this.#byConnection.get(connection);
    if (before?.id === id) return true;
    const { leases, maxCameras, now } = this.#parts;
    const key = leaseKey(id);
    if (this.#held.size >= maxCameras && !this.#held.has(key)) {
      throw new SwitchboardError(
        "over_capacity",
        `${maxCameras} processors are connected (services.tracking.maxCameras): come back later`,
      );
    }
    let isLost = false;
    const lost = (why: "stolen" | "session") => {
      isLost = true;
      if (this.#byId.get(id)?.connection === connection) this.#byId.delete(id);
      this.#byConnection.delete(connection);
      this.#parts.evicted(connection, why);
    };
    const acquired = await leases.acquire(
      key,
      JSON.stringify({ cameraId: id, since: now() } satisfies ListedCamera),
      {
        steal: true,
        lost,
      },
    );
    if (!("lease" in acquired))
      throw new SwitchboardError(
        "lease_lost",
        `processor ${id} could not be taken over: come back`,
      );
    if (isLost) return false;
    if (before !== undefined) await this.leave(connection);
    const processor: Processor = {
      id,
      connection,
      lease: acquired.lease,
      spotted: new SpottedNow(),
    };
    this.#held.add(key);
    this.#byId.set(id, processor);
    this.#byConnection.set(connection, processor);
    return true;
  }

  /** The connection has ended, or takes another id. Resolves when its id is free. */
  async leave(connection: Connection): Promise<void> {
    const processor = this.#byConnection.get(connection);
    if (processor === undefined) return;
    this.#byConnection.delete(connection);
    if (this.#byId.get(processor.id) === processor) this.#byId.delete(processor.id);
    await processor.lease.release();
  }

  stop(): void {
    this.#watch?.stop();
  }
}

/** The lease of a processor's id; one that has no short readable form is shortened, to something that no readable form is. */
function leaseKey(id: string): string {
  const token = subjectToken(id);
  // A lone surrogate has no UTF-8: two such ids would be one.
  const isReadable =
    leasePrefix.length + token.length <= maxSubjectLength && fromSubjectToken(token) === id;
  return `${leasePrefix}${isReadable ? token : `=-${createHash("sha256").update(JSON.stringify(id)).digest("base64url")}`}`;
}
