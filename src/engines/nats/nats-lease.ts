/** One lease that this node holds, or held. */
import type { Lease } from "../../kit/engine.ts";
import { SwitchboardError } from "../../wire/error.ts";
import type { NatsBucket } from "./nats-bucket.ts";
import { unavailable } from "./nats-failure.ts";
import { type LeaseRecord, leaseKeyPrefix, parseLease } from "./nats-lease-record.ts";
import type { MirrorEntry } from "./nats-mirror.ts";
import type { NatsSession } from "./nats-session.ts";

/** A write whose answer was lost moves the revision on; more than so many in a row are somebody else's doing. */
const attempts = 5;

/** As `AcquireOptions.lost` is told. */
export type LossReason = "stolen" | "session";

interface NatsLeaseOptions {
  readonly bucket: NatsBucket;
  readonly session: NatsSession;
  readonly key: string;
  readonly record: LeaseRecord;
  readonly fence: number;
  /** Called once if it is lost. Must not throw. */
  readonly lost: (why: LossReason) => void;
  /** Called once when it is over, released or lost. */
  readonly over: (lease: NatsLease) => void;
}

export class NatsLease implements Lease {
  readonly key: string;
  readonly #options: NatsLeaseOptions;
  #record: LeaseRecord;
  #fence: number;
  #state: "held" | "releasing" | "over" = "held";
  /** Updates and the release, one after the other. */
  #last: Promise<void> = Promise.resolve();

  constructor(options: NatsLeaseOptions) {
    this.key = options.key;
    this.#options = options;
    this.#record = options.record;
    this.#fence = options.fence;
  }

  get value(): string {
    return this.#record.value;
  }

  get fence(): number {
    return this.#fence;
  }

  get session(): string {
    return this.#record.session;
  }

  /** Which of the session's acquisitions it is. */
  get nth(): number {
    return this.#record.nth;
  }

  async update(value: string): Promise<void> {
    await this.#inOrder(async () => {
      for (let attempt = 0; attempt < attempts; attempt++) {
        this.#assertHeld();
        const record = { ...this.#record, value };
        const stored = await this.#options.bucket.put(this.#bucketKey, JSON.stringify(record), {
          expect: this.#fence,
        });
        if (stored === "conflict") {
          await this.#look();
        } else {
          this.#assertHeld();
          this.#adopt(stored, record);
          return;
        }
      }
      throw unavailable(`updating ${this.key}`, "it changes all the time; try again");
    });
  }

  async release(): Promise<void> {
    if (this.#state === "held") this.#state = "releasing";
    await this.#inOrder(async () => {
      try {
        while (this.#state === "releasing") {
          if (await this.#options.bucket.remove(this.#bucketKey, this.#fence)) break;
          await this.#look();
        }
      } finally {
        // If the removal failed its record is nobody's: it is removed with the next renewals.
        this.#finish();
      }
    });
  }

  /** The key's entry, as it was seen in the bucket: a later write of our own is taken over, one of somebody else is the loss. */
  seen(entry: MirrorEntry | { readonly revision: number; readonly text: string | null }): void {
    if (this.#state === "over" || entry.revision <= this.#fence) return;
    const record = parseLease(entry.text);
    if (record?.session === this.session && record.nth === this.nth)
      this.#adopt(entry.revision, record);
    else this.lose("stolen");
  }

  /** It is no longer held; does nothing if it was released. */
  lose(why: LossReason): void {
    const lost = this.#state === "held";
    this.#finish();
    if (lost) this.#options.lost(why);
  }

  /** The engine closes: it is over, and that is no loss. */
  abandon(): void {
    this.#finish();
  }

  get #bucketKey(): string {
    return `${leaseKeyPrefix}${this.key}`;
  }

  async #look(): Promise<void> {
    const entry = await this.#options.bucket.get(this.#bucketKey);
    if (entry === null) this.lose("stolen");
    else this.seen(entry);
  }

  #adopt(fence: number, record: LeaseRecord): void {
    if (fence <= this.#fence) return;
    this.#fence = fence;
    this.#record = record;
  }

  #assertHeld(): void {
    const { session } = this.#options;
    if (this.#state === "held" && session.held && session.generation === this.#record.generation)
      return;
    throw new SwitchboardError("lease_lost", `${this.key} is no longer held; acquire it again`, {
      key: this.key,
    });
  }

  #finish(): void {
    if (this.#state === "over") return;
    this.#state = "over";
    this.#options.over(this);
  }

  #inOrder(run: () => Promise<void>): Promise<void> {
    const result = this.#last.then(run);
    this.#last = result.catch(() => {});
    return result;
  }
}
