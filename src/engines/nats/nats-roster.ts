/** Which sessions live, who holds what, and who wants to know: this node's judgement of the mirrored bucket. */
import type { Holder, LeaseChange, Subscription } from "../../kit/engine.ts";
import type { NatsBucket } from "./nats-bucket.ts";
import {
  type LeaseRecord,
  leaseKeyPrefix,
  parseLease,
  parseSession,
  sessionKeyPrefix,
} from "./nats-lease-record.ts";
import type { NatsLink } from "./nats-link.ts";
import type { MirrorEntry } from "./nats-mirror.ts";
import type { NatsSession, SessionTimes } from "./nats-session.ts";

/** A session of another node. */
interface SessionView {
  readonly revision: number;
  readonly generation: number;
  /** When this revision was first seen, on this process's monotonic clock: clocks of two machines are never compared. */
  readonly seenMs: number;
  /** Its record has not changed for the TTL. */
  dead: boolean;
}

export class NatsRoster {
  readonly #link: NatsLink;
  readonly #times: SessionTimes;
  readonly #own: NatsSession;
  readonly #bucket: NatsBucket;
  readonly #isLoading: () => boolean;
  readonly #sessions = new Map<string, SessionView>();
  readonly #records = new Map<
    string,
    { readonly revision: number; readonly record: LeaseRecord }
  >();
  readonly #keysOf = new Map<string, Set<string>>();
  /** What watchers were told last. */
  readonly #holders = new Map<string, Holder>();
  readonly #watchers = new Set<{
    readonly prefix: string;
    readonly listener: (change: LeaseChange) => void;
  }>();
  /** Keys to look at again when the mirror is whole. */
  readonly #unsettled = new Set<string>();
  #expiry: NodeJS.Timeout | undefined;
  #closed = false;

  /** `isLoading`: whether what it was told of so far is incomplete. */
  constructor(
    link: NatsLink,
    bucket: NatsBucket,
    times: SessionTimes,
    own: NatsSession,
    isLoading: () => boolean,
  ) {
    this.#link = link;
    this.#bucket = bucket;
    this.#times = times;
    this.#own = own;
    this.#isLoading = isLoading;
  }

  /** Sessions that live, this one included. */
  get livingSessions(): readonly string[] {
    const others = [...this.#sessions].filter(([, view]) => !view.dead).map(([id]) => id);
    return this.#own.held ? [this.#own.id, ...others] : others;
  }

  /** Sessions whose record is there and has not changed for the TTL. */
  get deadSessions(): readonly string[] {
    return [...this.#sessions].filter(([, view]) => view.dead).map(([id]) => id);
  }

  isKnown(session: string): boolean {
    return session === this.#own.id || this.#sessions.has(session);
  }

  /** The leases that a session has records of, living or not. */
  recordsOf(
    session: string,
  ): readonly (readonly [key: string, revision: number, record: LeaseRecord])[] {
    return [...(this.#keysOf.get(session) ?? [])].flatMap((key) => {
      const found = this.#records.get(key);
      return found === undefined ? [] : [[key, found.revision, found.record] as const];
    });
  }

  /** All sessions that any lease names. */
  get namedSessions(): readonly string[] {
    return [...this.#keysOf.keys()];
  }

  /** Whether a lease with this record is held, as far as the mirror has come. */
  isHeld(record: LeaseRecord): boolean {
    if (record.session === this.#own.id)
      return this.#own.held && record.generation === this.#own.generation;
    const session = this.#sessions.get(record.session);
    return session !== undefined && !session.dead && session.generation === record.generation;
  }

  /** Whether it is held, by what is stored now: that no renewal was missed is certain then. */
  async isHeldNow(record: LeaseRecord): Promise<boolean> {
    if (this.isHeld(record)) return true;
    if (record.session === this.#own.id) return false;
    const entry = await this.#bucket.get(`${sessionKeyPrefix}${record.session}`);
    if (entry === null || parseSession(entry.text)?.generation !== record.generation) return false;
    const view = this.#sessions.get(record.session);
    return !(view?.dead && view.revision === entry.revision);
  }

  /** The holders under a prefix, by fence. Current as of the mirror's last `sync`. */
  holders(prefix: string): readonly Holder[] {
    const all = [...this.#holders.values()].filter((holder) => holder.key.startsWith(prefix));
    return all.sort((a, b) => a.fence - b.fence);
  }

  /** Tells of the present holders before it returns, then of each change. */
  watch(prefix: string, listener: (change: LeaseChange) => void): Subscription {
    const watcher = { prefix, listener };
    for (const holder of this.holders(prefix))
      this.#link.counters.guard("leaseListenerErrors", () => listener({ key: holder.key, holder }));
    this.#watchers.add(watcher);
    return { stop: () => this.#watchers.delete(watcher) };
  }

  /** A key of the bucket has changed. */
  changed(bucketKey: string, entry: MirrorEntry | undefined): void {
    if (bucketKey.startsWith(sessionKeyPrefix))
      this.#sessionChanged(bucketKey.slice(sessionKeyPrefix.length), entry);
    else if (bucketKey.startsWith(leaseKeyPrefix))
      this.#leaseChanged(bucketKey.slice(leaseKeyPrefix.length), entry);
  }

  /** The mirror is whole: what could not be judged before is now. */
  loaded(): void {
    const keys = [...this.#unsettled];
    this.#unsettled.clear();
    for (const key of keys) this.#review(key);
  }

  /** This node's own session was lost: its leases are free. */
  ownLost(): void {
    this.#reviewAll(this.#own.id);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#expiry);
    this.#watchers.clear();
  }

  #sessionChanged(id: string, entry: MirrorEntry | undefined): void {
    const record = parseSession(entry?.text ?? null);
    if (id === this.#own.id) {
      // Somebody counted this node as dead, or a former renewal arrived late: the present state is to be seen soon.
      if (record === null) this.#own.renewSoon();
      this.#reviewAll(id);
      return;
    }
    const before = this.#sessions.get(id);
    if (entry === undefined || record === null) {
      this.#sessions.delete(id);
    } else {
      this.#sessions.set(id, {
        revision: entry.revision,
        generation: record.generation,
        seenMs: entry.seenMs,
        dead: false,
      });
      if (this.#expiry === undefined) this.#planExpiry();
    }
    const after = this.#sessions.get(id);
    if (before?.generation !== after?.generation || before?.dead !== after?.dead)
      this.#reviewAll(id);
  }

  #leaseChanged(key: string, entry: MirrorEntry | undefined): void {
    const before = this.#records.get(key);
    const record = parseLease(entry?.text ?? null);
    if (before !== undefined) {
      const keys = this.#keysOf.get(before.record.session);
      keys?.delete(key);
      if (keys?.size === 0) this.#keysOf.delete(before.record.session);
    }
    if (entry === undefined || record === null) {
      this.#records.delete(key);
    } else {
      this.#records.set(key, { revision: entry.revision, record });
      const keys = this.#keysOf.get(record.session) ?? new Set();
      this.#keysOf.set(record.session, keys.add(key));
    }
    this.#review(key);
  }

  #reviewAll(session: string): void {
    for (const key of [...(this.#keysOf.get(session) ?? [])]) this.#review(key);
  }

  /** Compares what watchers were told of a key with what is so. */
  #review(key: string): void {
    if (this.#isLoading()) {
      this.#unsettled.add(key);
      return;
    }
    const found = this.#records.get(key);
    const before = this.#holders.get(key);
    if (found !== undefined && this.isHeld(found.record)) {
      if (before?.fence === found.revision) return;
      const { session, value } = found.record;
      const holder: Holder = { key, value, fence: found.revision, session };
      this.#holders.set(key, holder);
      this.#tell({ key, holder });
    } else if (before !== undefined) {
      this.#holders.delete(key);
      this.#tell({ key, holder: null });
    }
  }

  #tell(change: LeaseChange): void {
    for (const watcher of [...this.#watchers]) {
      if (change.key.startsWith(watcher.prefix) && this.#watchers.has(watcher)) {
        this.#link.counters.guard("leaseListenerErrors", () => watcher.listener(change));
      }
    }
  }

  #planExpiry(delayMs?: number): void {
    clearTimeout(this.#expiry);
    this.#expiry = undefined;
    const living = [...this.#sessions.values()].filter((view) => !view.dead);
    if (this.#closed || living.length === 0) return;
    const nextMs =
      Math.min(...living.map((view) => view.seenMs)) + this.#times.ttlMs - this.#link.monotonicMs();
    this.#expiry = setTimeout(() => void this.#expire(), Math.max(1, delayMs ?? nextMs));
  }

  /**
   * A session is dead if its record, as it is stored now, is still the one that this node first saw a TTL ago. Asking the
   * bucket matters: a node that was cut off must judge nobody by what it missed.
   */
  async #expire(): Promise<void> {
    let retryMs: number | undefined;
    try {
      await Promise.all(this.#overdue().map(([id, view]) => this.#confirm(id, view)));
    } catch {
      retryMs = this.#times.retryMs;
    }
    this.#planExpiry(retryMs);
  }

  async #confirm(id: string, view: SessionView): Promise<void> {
    const entry = await this.#bucket.get(`${sessionKeyPrefix}${id}`);
    if (this.#sessions.get(id) !== view) return;
    if (entry?.revision === view.revision) {
      view.dead = true;
      this.#reviewAll(id);
    }
  }

  #overdue(): readonly (readonly [string, SessionView])[] {
    const nowMs = this.#link.monotonicMs();
    return [...this.#sessions].filter(
      ([, view]) => !view.dead && nowMs >= view.seenMs + this.#times.ttlMs,
    );
  }
}
