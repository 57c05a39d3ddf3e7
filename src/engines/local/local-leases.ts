/** The leases of engines that live in one process: `embedded` (one node) and `memory` (one or several on a store). */
import type {
  Acquired,
  AcquireOptions,
  Holder,
  Lease,
  LeaseChange,
  Leases,
  Subscription,
} from "../../kit/engine.ts";
import { SwitchboardError } from "../../wire/error.ts";
import { checkSubject } from "../subjects.ts";
import { CallQueue } from "./call-queue.ts";

interface Watcher {
  readonly prefix: string;
  readonly listener: (change: LeaseChange) => void;
  stopped: boolean;
}

/** What the nodes of one process share: who holds which key. */
export class LocalLeases {
  readonly #held = new Map<string, LocalLease>();
  readonly #watchers = new Set<Watcher>();
  /** Not limited: each operation adds one call for each watcher, and callers wait for their operations. */
  readonly #queue = new CallQueue();
  #fence: number;

  /** Fences begin after `fence`. */
  constructor(fence = 0) {
    this.#fence = fence;
  }

  acquire(session: string, key: string, value: string, options: AcquireOptions): Acquired {
    const present = this.#held.get(key);
    if (present !== undefined) {
      const meant = options.stealFence === undefined || options.stealFence === present.fence;
      if (options.steal !== true || !meant) return { holder: present.holder() };
      this.#queue.add(() => present.tellLost());
    }
    const lease = new LocalLease(this, { key, value, session, fence: ++this.#fence }, options.lost);
    this.#held.set(key, lease);
    this.#tell({ key, holder: lease.holder() });
    return { lease };
  }

  /** The fence of the new value; undefined if the lease is not held any more. */
  update(lease: LocalLease, value: string): number | undefined {
    if (this.#held.get(lease.key) !== lease) return undefined;
    const fence = ++this.#fence;
    this.#tell({ key: lease.key, holder: { ...lease.holder(), value, fence } });
    return fence;
  }

  release(lease: LocalLease): void {
    if (this.#held.get(lease.key) !== lease) return;
    this.#held.delete(lease.key);
    this.#tell({ key: lease.key, holder: null });
  }

  list(prefix: string): Holder[] {
    const holders = [...this.#held.values()].map((lease) => lease.holder());
    return holders
      .filter((holder) => holder.key.startsWith(prefix))
      .sort((a, b) => a.fence - b.fence);
  }

  watch(watcher: Watcher): void {
    this.#watchers.add(watcher);
  }

  unwatch(watcher: Watcher): void {
    watcher.stopped = true;
    this.#watchers.delete(watcher);
  }

  /** Gives up everything that the session holds, without a call of `lost`. */
  dropSession(session: string): void {
    for (const lease of [...this.#held.values()])
      if (lease.session === session) void lease.release();
  }

  stats(): Record<string, number> {
    return {
      leases_held: this.#held.size,
      leases_watchers: this.#watchers.size,
      leases_listener_errors_total: this.#queue.failed,
    };
  }

  #tell(change: LeaseChange): void {
    for (const watcher of this.#watchers) {
      if (!change.key.startsWith(watcher.prefix)) continue;
      this.#queue.add(() => {
        if (!watcher.stopped) watcher.listener(change);
      });
    }
  }
}

class LocalLease implements Lease {
  readonly #leases: LocalLeases;
  readonly #lost: AcquireOptions["lost"];
  #holder: Holder;
  #released = false;

  constructor(leases: LocalLeases, holder: Holder, lost: AcquireOptions["lost"]) {
    this.#leases = leases;
    this.#holder = holder;
    this.#lost = lost;
  }

  get key(): string {
    return this.#holder.key;
  }

  get value(): string {
    return this.#holder.value;
  }

  get fence(): number {
    return this.#holder.fence;
  }

  get session(): string {
    return this.#holder.session;
  }

  holder(): Holder {
    return this.#holder;
  }

  async update(value: string): Promise<void> {
    const fence = this.#leases.update(this, value);
    if (fence === undefined) {
      throw new SwitchboardError(
        "lease_lost",
        `lease ${this.key} is no longer held: acquire it again`,
        { key: this.key },
      );
    }
    this.#holder = { ...this.#holder, value, fence };
  }

  async release(): Promise<void> {
    this.#released = true;
    this.#leases.release(this);
  }

  tellLost(): void {
    if (!this.#released) this.#lost?.("stolen");
  }
}

/** One node's side. A listener or `lost` that throws is counted (`leases_listener_errors_total`) and disturbs nobody. */
export class LocalLeasesNode implements Leases {
  readonly #leases: LocalLeases;
  readonly #session: string;
  readonly #mine = new Set<Watcher>();
  #closed = false;

  constructor(leases: LocalLeases, session: string) {
    this.#leases = leases;
    this.#session = session;
  }

  async acquire(key: string, value: string, options: AcquireOptions = {}): Promise<Acquired> {
    this.#checkOpen();
    checkSubject(key);
    return this.#leases.acquire(this.#session, key, value, options);
  }

  async list(prefix: string): Promise<readonly Holder[]> {
    this.#checkOpen();
    return this.#leases.list(prefix);
  }

  async watch(prefix: string, listener: (change: LeaseChange) => void): Promise<Subscription> {
    this.#checkOpen();
    const watcher: Watcher = { prefix, listener, stopped: false };
    // From here on changes wait in the queue, so that what the first calls cause comes after them.
    this.#leases.watch(watcher);
    this.#mine.add(watcher);
    for (const holder of this.#leases.list(prefix)) listener({ key: holder.key, holder });
    return {
      stop: () => {
        this.#leases.unwatch(watcher);
        this.#mine.delete(watcher);
      },
    };
  }

  close(): void {
    this.#closed = true;
    for (const watcher of this.#mine) this.#leases.unwatch(watcher);
    this.#mine.clear();
    this.#leases.dropSession(this.#session);
  }

  #checkOpen(): void {
    if (this.#closed)
      throw new SwitchboardError(
        "log_closed",
        "the engine is closed: it holds and gives no leases",
      );
  }
}
