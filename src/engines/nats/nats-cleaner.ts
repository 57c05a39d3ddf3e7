/** Keeps the bucket small: what dead sessions left, and the marks of deletions. */
import type { NatsBucket } from "./nats-bucket.ts";
import { leaseKeyPrefix, sessionKeyPrefix } from "./nats-lease-record.ts";
import type { NatsLink } from "./nats-link.ts";
import type { NatsMirror } from "./nats-mirror.ts";
import type { NatsRoster } from "./nats-roster.ts";
import type { NatsSession, SessionTimes } from "./nats-session.ts";

/** Marks that are removed in one run. */
const marksPerRun = 1_000;
/** A mark of a deletion stays for so many TTLs: every node has seen it, or reads the bucket anew. */
const markTtls = 6;

/** Of the living nodes the one with the lowest session id cleans: when it dies, another one is the lowest. */
export class NatsCleaner {
  readonly #link: NatsLink;
  readonly #bucket: NatsBucket;
  readonly #mirror: NatsMirror;
  readonly #roster: NatsRoster;
  readonly #session: NatsSession;
  readonly #times: SessionTimes;

  constructor(
    link: NatsLink,
    bucket: NatsBucket,
    parts: {
      readonly mirror: NatsMirror;
      readonly roster: NatsRoster;
      readonly session: NatsSession;
      readonly times: SessionTimes;
    },
  ) {
    this.#link = link;
    this.#bucket = bucket;
    this.#mirror = parts.mirror;
    this.#roster = parts.roster;
    this.#session = parts.session;
    this.#times = parts.times;
  }

  async run(): Promise<void> {
    const lowest = [...this.#roster.livingSessions].sort()[0];
    const mine = this.#session.held && lowest === this.#session.id;
    if (mine) await this.#removeDead();
    await this.#forgetMarks(mine);
  }

  /** The leases of a dead session first, its record last: a run that is cut short is taken up by the next. */
  async #removeDead(): Promise<void> {
    const suspects = () => [
      ...this.#roster.deadSessions,
      ...this.#roster.namedSessions.filter((id) => !this.#roster.isKnown(id)),
    ];
    if (suspects().length === 0) return;
    await this.#mirror.sync();
    for (const id of suspects()) {
      const records = this.#roster
        .recordsOf(id)
        .filter(([key]) => this.#isOld(`${leaseKeyPrefix}${key}`, 1));
      await this.#bucket.removeAll(
        records.map(([key, revision]) => [`${leaseKeyPrefix}${key}`, revision]),
      );
      const entry = this.#mirror.get(`${sessionKeyPrefix}${id}`);
      if (entry !== undefined && entry.text !== null)
        await this.#bucket.remove(`${sessionKeyPrefix}${id}`, entry.revision);
    }
  }

  /** The cleaning node removes old marks from the bucket; the others, a while later, from their memory only. */
  async #forgetMarks(mine: boolean): Promise<void> {
    const ttls = mine ? markTtls : 2 * markTtls;
    const marks = [...this.#mirror.entries()].filter(
      ([key, entry]) => entry.text === null && this.#isOld(key, ttls),
    );
    const some = marks.slice(0, marksPerRun);
    if (mine) await this.#bucket.forgetAll(some.map(([, { revision }]) => revision));
    for (const [key, { revision }] of some)
      if (this.#mirror.get(key)?.revision === revision) this.#mirror.forget(key);
  }

  /** The key's revision has been known for so many TTLs. */
  #isOld(bucketKey: string, ttls: number): boolean {
    const entry = this.#mirror.get(bucketKey);
    return (
      entry !== undefined && this.#link.monotonicMs() >= entry.seenMs + ttls * this.#times.ttlMs
    );
  }
}
