/** Leases on the KV bucket, hung on this node's session. */
import type {
  Acquired,
  AcquireOptions,
  Holder,
  LeaseChange,
  Leases,
  Subscription,
} from "../../kit/engine.ts";
import { checkSubject } from "../subjects.ts";
import { NatsBucket } from "./nats-bucket.ts";
import { NatsCleaner } from "./nats-cleaner.ts";
import { unavailable } from "./nats-failure.ts";
import { type LossReason, NatsLease } from "./nats-lease.ts";
import { type LeaseRecord, leaseKeyPrefix, parseLease } from "./nats-lease-record.ts";
import type { NatsLink } from "./nats-link.ts";
import { type MirrorEntry, NatsMirror } from "./nats-mirror.ts";
import { NatsRoster } from "./nats-roster.ts";
import { NatsSession, type SessionTimes } from "./nats-session.ts";

/** Each failed attempt means that somebody else changed the key in between. Without `steal` two should do. */
const attempts = 100;

interface NatsLeasesOptions {
  readonly sessionId: string;
  readonly bucket: string;
  readonly replicas: number;
  readonly times: SessionTimes;
  readonly heartbeatMs: number;
}

export class NatsLeases implements Leases {
  readonly session: NatsSession;
  readonly #link: NatsLink;
  readonly #bucket: NatsBucket;
  readonly #roster: NatsRoster;
  readonly #mirror: NatsMirror;
  readonly #cleaner: NatsCleaner;
  readonly #chores: NodeJS.Timeout;
  readonly #held: Map<string, NatsLease>;
  /** Acquisitions under way, by their number. */
  readonly #acquiring = new Set<number>();
  #acquisitions = 0;
  #choring = false;

  private constructor(
    link: NatsLink,
    bucket: NatsBucket,
    parts: {
      session: NatsSession;
      roster: NatsRoster;
      mirror: NatsMirror;
      held: Map<string, NatsLease>;
      times: SessionTimes;
    },
  ) {
    this.#link = link;
    this.#bucket = bucket;
    this.session = parts.session;
    this.#roster = parts.roster;
    this.#mirror = parts.mirror;
    this.#held = parts.held;
    this.#cleaner = new NatsCleaner(link, bucket, parts);
    this.#chores = setInterval(() => void this.#doChores(), parts.times.renewMs);
  }

  /** Begins the session; resolves when this node knows who holds what. */
  static async open(link: NatsLink, options: NatsLeasesOptions): Promise<NatsLeases> {
    const { sessionId, times, heartbeatMs } = options;
    const bucket = await NatsBucket.open(link, options.bucket, options.replicas);
    const held = new Map<string, NatsLease>();
    let mirror: NatsMirror | undefined;
    let roster: NatsRoster | undefined;
    const lost = () => {
      for (const lease of [...held.values()]) lease.lose("session");
      roster?.ownLost();
    };
    const session = await NatsSession.open(sessionId, link, bucket, times, lost);
    roster = new NatsRoster(link, bucket, times, session, () => mirror?.loading ?? true);
    const view = roster;
    const listener = {
      changed: (key: string, entry: MirrorEntry | undefined) => {
        view.changed(key, entry);
        if (entry !== undefined && key.startsWith(leaseKeyPrefix))
          held.get(key.slice(leaseKeyPrefix.length))?.seen(entry);
      },
      loaded: () => view.loaded(),
    };
    try {
      mirror = await NatsMirror.open(link, bucket, heartbeatMs, listener);
    } catch (error) {
      session.end();
      view.close();
      throw error;
    }
    return new NatsLeases(link, bucket, { session, roster, mirror, held, times });
  }

  /** Leases that this node holds. */
  get count(): number {
    return this.#held.size;
  }

  /** Sessions that live, this one included. */
  get sessions(): number {
    return this.#roster.livingSessions.length;
  }

  get trouble(): string | undefined {
    return this.session.trouble ?? this.#mirror.trouble;
  }

  async acquire(key: string, value: string, options: AcquireOptions = {}): Promise<Acquired> {
    this.#link.assertOpen();
    checkSubject(key);
    const nth = ++this.#acquisitions;
    this.#acquiring.add(nth);
    try {
      return await this.#acquire(key, value, nth, options);
    } finally {
      this.#acquiring.delete(nth);
    }
  }

  async list(prefix: string): Promise<readonly Holder[]> {
    this.#link.assertOpen();
    await this.#mirror.sync();
    return this.#roster.holders(prefix);
  }

  async watch(prefix: string, listener: (change: LeaseChange) => void): Promise<Subscription> {
    this.#link.assertOpen();
    await this.#mirror.sync();
    this.#link.assertOpen();
    return this.#roster.watch(prefix, listener);
  }

  /** Gives everything up. Others see the session end at once; what cannot be removed now is removed by them. */
  async close(): Promise<void> {
    clearInterval(this.#chores);
    this.#roster.close();
    const leases = [...this.#held.values()];
    for (const lease of leases) lease.abandon();
    try {
      if (this.#link.connected) {
        await this.session.close();
        await this.#bucket.removeAll(
          leases.map((lease) => [`${leaseKeyPrefix}${lease.key}`, lease.fence]),
        );
      }
    } finally {
      this.session.end();
      this.#mirror.stop();
    }
  }

  async #acquire(
    key: string,
    value: string,
    nth: number,
    options: AcquireOptions,
  ): Promise<Acquired> {
    const bucketKey = `${leaseKeyPrefix}${key}`;
    for (let attempt = 0; attempt < attempts; attempt++) {
      const entry = await this.#bucket.get(bucketKey);
      const present = parseLease(entry?.text ?? null);
      if (entry !== null && present !== null && (await this.#isHeld(key, present))) {
        const steals =
          options.steal === true && (options.stealFence ?? entry.revision) === entry.revision;
        if (!steals)
          return {
            holder: { key, value: present.value, fence: entry.revision, session: present.session },
          };
      }
      const { generation, id } = this.session;
      if (!this.session.held)
        throw unavailable(`acquiring ${key}`, "this node's session could not be renewed");
      const record: LeaseRecord = { session: id, generation, nth, value };
      const fence = await this.#bucket.put(bucketKey, JSON.stringify(record), {
        expect: entry?.revision ?? 0,
      });
      if (fence === "conflict") continue;
      // Stored, but already void: it names a generation that is over.
      if (!this.session.held || this.session.generation !== generation) {
        throw unavailable(`acquiring ${key}`, "this node's session was lost meanwhile");
      }
      return { lease: this.#hold(key, record, fence, options) };
    }
    throw unavailable(
      `acquiring ${key}`,
      `others changed it ${attempts} times meanwhile; try again`,
    );
  }

  async #isHeld(key: string, record: LeaseRecord): Promise<boolean> {
    if (record.session === this.session.id && this.#isOrphan(key, record)) return false;
    return await this.#roster.isHeldNow(record);
  }

  #hold(key: string, record: LeaseRecord, fence: number, options: AcquireOptions): NatsLease {
    const lost = (why: LossReason) => {
      this.#link.counters.leasesLost++;
      this.#link.counters.guard("leaseListenerErrors", () => options.lost?.(why));
    };
    const over = (ended: NatsLease) => {
      if (this.#held.get(key) === ended) this.#held.delete(key);
    };
    const lease = new NatsLease({
      bucket: this.#bucket,
      session: this.session,
      key,
      record,
      fence,
      lost,
      over,
    });
    const before = this.#held.get(key);
    if (before !== undefined && before.fence > fence) {
      lease.lose("stolen");
      return lease;
    }
    this.#held.set(key, lease);
    before?.lose("stolen");
    const entry = this.#mirror.get(`${leaseKeyPrefix}${key}`);
    if (entry !== undefined) lease.seen(entry);
    return lease;
  }

  /** This session's record of a lease that nobody has: its acquisition or release got no answer, or it was lost. */
  #isOrphan(key: string, { generation, nth }: LeaseRecord): boolean {
    if (generation !== this.session.generation) return true;
    return this.#held.get(key)?.nth !== nth && !this.#acquiring.has(nth);
  }

  async #doChores(): Promise<void> {
    if (this.#choring) return;
    this.#choring = true;
    try {
      for (const [key, revision, record] of this.#roster.recordsOf(this.session.id)) {
        if (this.#isOrphan(key, record))
          await this.#bucket.remove(`${leaseKeyPrefix}${key}`, revision);
      }
      await this.#cleaner.run();
    } catch {
      // Not urgent: nobody counts these records as held. The next run tries again.
    } finally {
      this.#choring = false;
    }
  }
}
