/** This node's session: a record that is renewed, and the moment from which the node must count it as lost. */
import type { Session } from "../../kit/engine.ts";
import { messageOf } from "../../wire/error.ts";
import type { NatsBucket } from "./nats-bucket.ts";
import { type SessionRecord, sessionKeyPrefix } from "./nats-lease-record.ts";
import type { NatsLink } from "./nats-link.ts";

/** The times of a session, all from its TTL (10 s unless configured). */
export interface SessionTimes {
  /** Others count a session as dead when its record has not changed for so long. */
  readonly ttlMs: number;
  /** Time between two renewals. */
  readonly renewMs: number;
  /** So long after the last good renewal its node gives it up itself: sooner than others do. */
  readonly holdMs: number;
  /** Time before a failed renewal is tried again. */
  readonly retryMs: number;
}

export function sessionTimes(ttlMs: number): SessionTimes {
  return { ttlMs, renewMs: 0.3 * ttlMs, holdMs: 0.8 * ttlMs, retryMs: 0.05 * ttlMs };
}

/**
 * A session that was lost comes back with the next generation: leases name the generation in which they were taken, so those
 * counted as lost stay lost, for everybody.
 */
export class NatsSession implements Session {
  readonly id: string;
  readonly #link: NatsLink;
  readonly #bucket: NatsBucket;
  readonly #times: SessionTimes;
  readonly #lost: () => void;
  readonly #reconnects: { stop(): void };
  #generation = 1;
  /** Of the record. */
  #revision = 0;
  /** On the monotonic clock; 0 while it is lost. */
  #heldUntilMs = 0;
  #lossTimer: NodeJS.Timeout | undefined;
  #renewTimer: NodeJS.Timeout | undefined;
  #renewing = false;
  /** Why the last renewal failed; undefined if it did not. */
  #failure: string | undefined;
  #closed = false;

  private constructor(
    id: string,
    link: NatsLink,
    bucket: NatsBucket,
    times: SessionTimes,
    lost: () => void,
  ) {
    this.id = id;
    this.#link = link;
    this.#bucket = bucket;
    this.#times = times;
    this.#lost = lost;
    this.#reconnects = link.onReconnect(() => this.renewSoon());
  }

  /** Stores the record; from then on it is renewed. `lost` is called each time that it could not be renewed in time. */
  static async open(
    id: string,
    link: NatsLink,
    bucket: NatsBucket,
    times: SessionTimes,
    lost: () => void,
  ): Promise<NatsSession> {
    const session = new NatsSession(id, link, bucket, times, lost);
    await session.#renew();
    session.#plan(times.renewMs);
    return session;
  }

  /** Leases name it. */
  get generation(): number {
    return this.#generation;
  }

  /** Whether it may be relied upon at this moment: what hangs on it is held. */
  get held(): boolean {
    return this.#link.monotonicMs() < this.#heldUntilMs;
  }

  /** Why it is not held at this moment; undefined if it is. */
  get trouble(): string | undefined {
    return this.held
      ? undefined
      : `the session was not renewed in time, its leases are given up: ${this.#failure ?? "renewing"}`;
  }

  /** Renews now, unless that is under way. */
  renewSoon(): void {
    this.#plan(0);
  }

  /** Ends the renewals; without `close` others count the session as dead only after the TTL. */
  end(): void {
    this.#closed = true;
    this.#heldUntilMs = 0;
    clearTimeout(this.#lossTimer);
    clearTimeout(this.#renewTimer);
    this.#reconnects.stop();
  }

  /** Deletes the record: everybody counts the session as gone at once. */
  async close(): Promise<void> {
    this.end();
    const entry = await this.#bucket.get(this.#key);
    if (entry !== null && entry.text !== null) await this.#bucket.remove(this.#key, entry.revision);
  }

  get #key(): string {
    return `${sessionKeyPrefix}${this.id}`;
  }

  #plan(delayMs: number): void {
    if (this.#closed || this.#renewing) return;
    clearTimeout(this.#renewTimer);
    this.#renewTimer = setTimeout(() => void this.#run(), delayMs);
  }

  async #run(): Promise<void> {
    this.#renewing = true;
    let nextMs = this.#times.retryMs;
    try {
      await this.#renew();
      this.#failure = undefined;
      if (this.held) nextMs = this.#times.renewMs;
    } catch (error) {
      // What counts is how long that lasts, and the loss timer knows it.
      this.#failure = messageOf(error);
    }
    this.#renewing = false;
    this.#plan(nextMs);
  }

  async #renew(): Promise<void> {
    await this.#link.ready("renewing the session");
    const generation = this.#generation;
    const sentMs = this.#link.monotonicMs();
    const record: SessionRecord = { generation };
    const stored = await this.#bucket.put(this.#key, JSON.stringify(record), {
      // A renewal that was held up on the way must not replace what came after it.
      expect: this.#revision,
      timeoutMs: this.#times.holdMs / 2,
    });
    if (stored === "conflict") return await this.#resolveConflict();
    this.#revision = stored;
    this.#checkLoss();
    if (generation !== this.#generation || this.#closed) return;
    // From before it was sent: the record is at least as young as that, for whoever sees it.
    this.#heldUntilMs = sentMs + this.#times.holdMs;
    this.#watchLoss();
  }

  /** A renewal without an answer was stored after all; or somebody counted this node as dead and removed its record. */
  async #resolveConflict(): Promise<void> {
    const entry = await this.#bucket.get(this.#key);
    this.#revision = entry?.revision ?? 0;
    if (entry === null || entry.text === null) this.#lose();
    else await this.#renew();
  }

  #watchLoss(): void {
    clearTimeout(this.#lossTimer);
    this.#lossTimer = setTimeout(
      () => this.#checkLoss(),
      Math.max(1, this.#heldUntilMs - this.#link.monotonicMs()),
    );
  }

  #checkLoss(): void {
    if (this.#heldUntilMs === 0 || this.#closed) return;
    if (this.held) {
      this.#watchLoss();
      return;
    }
    this.#lose();
  }

  #lose(): void {
    if (this.#closed) return;
    this.#heldUntilMs = 0;
    this.#generation++;
    this.#lost();
    this.renewSoon();
  }
}
