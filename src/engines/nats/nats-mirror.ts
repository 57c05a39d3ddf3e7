/** A live copy of the bucket in this process. */
import { messageOf, SwitchboardError } from "../../wire/error.ts";
import type { NatsBucket } from "./nats-bucket.ts";
import { textOf } from "./nats-event.ts";
import { unavailable } from "./nats-failure.ts";
import { type NatsLink, requestTimeoutMs } from "./nats-link.ts";
import { type StreamMessage, Tail } from "./nats-tail.ts";

export interface MirrorEntry {
  readonly revision: number;
  /** Null where the key was deleted: the mark of it stays for a while. */
  readonly text: string | null;
  /** When this process first saw the revision, on its own monotonic clock. */
  readonly seenMs: number;
}

/** Who is told of changes. Neither may throw. */
interface MirrorListener {
  /** A new revision of a key, in the order of the revisions; undefined: not even the mark of a deletion is there any more. */
  changed(key: string, entry: MirrorEntry | undefined): void;
  /** The copy is whole: at the start, and after the bucket had to be read anew. Until then what was told is incomplete. */
  loaded(): void;
}

interface Loading {
  /** The last revision when reading began. */
  readonly upTo: number;
  /** What was known before and has not come again. */
  readonly unseen: Set<string>;
  /** Everything up to `upTo` has come. */
  reached: boolean;
}

/** Whenever its consumer fails, the bucket is read anew from the beginning: marks of deletions may have been removed meanwhile. */
export class NatsMirror {
  readonly #link: NatsLink;
  readonly #bucket: NatsBucket;
  readonly #listener: MirrorListener;
  readonly #entries = new Map<string, MirrorEntry>();
  readonly #waiting = new Set<{
    readonly revision: number;
    readonly settle: (error?: Error) => void;
  }>();
  #tail: Tail | undefined;
  #position = 0;
  /** While the bucket is read. */
  #loading: Loading | undefined;
  #syncing: Promise<void> | undefined;
  #nextSync: Promise<void> | undefined;

  private constructor(link: NatsLink, bucket: NatsBucket, listener: MirrorListener) {
    this.#link = link;
    this.#bucket = bucket;
    this.#listener = listener;
  }

  /** Resolves when the copy is whole. */
  static async open(
    link: NatsLink,
    bucket: NatsBucket,
    heartbeatMs: number,
    listener: MirrorListener,
  ): Promise<NatsMirror> {
    const mirror = new NatsMirror(link, bucket, listener);
    // Whole it is not before the first message.
    mirror.#loading = { upTo: 1, unseen: new Set(), reached: false };
    mirror.#tail = await Tail.open(link, {
      stream: bucket.stream,
      heartbeatMs,
      from: () => mirror.#begin(),
      message: (message) => mirror.#take(message),
    });
    try {
      await mirror.sync();
      // What was written anew while the first part was read has moved behind it.
      await mirror.sync();
    } catch (error) {
      mirror.stop();
      throw error;
    }
    return mirror;
  }

  get loading(): boolean {
    return this.#loading !== undefined;
  }

  get trouble(): string | undefined {
    const trouble = this.#tail?.trouble;
    return trouble === undefined ? undefined : `leases are not followed: ${trouble}`;
  }

  get(key: string): MirrorEntry | undefined {
    return this.#entries.get(key);
  }

  /** Every key with its entry, deleted ones too, in no order. */
  entries(): Iterable<readonly [string, MirrorEntry]> {
    return this.#entries;
  }

  /** Resolves when the copy holds everything that was written before the call. Calls at the same time share one question. */
  async sync(): Promise<void> {
    if (this.#syncing === undefined) {
      this.#syncing = this.#ask().finally(() => {
        this.#syncing = undefined;
      });
      return await this.#syncing;
    }
    // What is being asked now may have been answered before this call.
    this.#nextSync ??= this.#syncing
      .catch(() => {})
      .then(() => {
        this.#nextSync = undefined;
        return this.sync();
      });
    await this.#nextSync;
  }

  stop(): void {
    this.#tail?.stop();
    for (const { settle } of [...this.#waiting])
      settle(new SwitchboardError("log_closed", "the engine is closed"));
  }

  async #ask(): Promise<void> {
    const revision = await this.#bucket.lastRevision();
    if (revision <= this.#position && this.#loading === undefined) return;
    await new Promise<void>((resolve, reject) => {
      const waiter = {
        revision,
        settle: (error?: Error) => {
          clearTimeout(timer);
          this.#waiting.delete(waiter);
          if (error === undefined) resolve();
          else reject(error);
        },
      };
      const timer = setTimeout(() => {
        waiter.settle(
          unavailable(
            "looking at leases",
            this.trouble ?? `nothing came for ${requestTimeoutMs} ms`,
          ),
        );
      }, requestTimeoutMs);
      this.#waiting.add(waiter);
    });
  }

  async #begin(): Promise<number> {
    const upTo = await this.#bucket.lastRevision();
    this.#loading = { upTo, unseen: new Set(this.#entries.keys()), reached: false };
    this.#position = 0;
    return 1;
  }

  #take(message: StreamMessage): void {
    const key = message.subject.slice(this.#bucket.prefix.length);
    this.#position = message.seq;
    this.#loading?.unseen.delete(key);
    if (this.#entries.get(key)?.revision !== message.seq) {
      const text = message.headers?.has("KV-Operation") ? null : textOf(message.data);
      const entry = { revision: message.seq, text, seenMs: this.#link.monotonicMs() };
      this.#entries.set(key, entry);
      this.#listener.changed(key, entry);
    }
    if (this.#loading === undefined) this.#release();
    else if (message.seq >= this.#loading.upTo) void this.#loaded(this.#loading);
  }

  /**
   * What did not come again is gone, or was written anew meanwhile and comes later: the bucket itself is asked. That the last
   * revision, or one after it, comes at all is certain: sessions are renewed all the time.
   */
  async #loaded(loading: Loading): Promise<void> {
    if (loading.reached) return;
    loading.reached = true;
    try {
      const unseen = [...loading.unseen];
      const found = await Promise.all(unseen.map((key) => this.#bucket.get(key)));
      if (this.#loading !== loading) return;
      for (const [index, key] of unseen.entries())
        if (found[index] === null && loading.unseen.has(key)) this.forget(key);
      this.#loading = undefined;
      this.#listener.loaded();
      this.#release();
    } catch (error) {
      if (this.#loading === loading) this.#tail?.restart(messageOf(error));
    }
  }

  /** The mark of a deletion was removed from the bucket; nothing comes to tell of that. */
  forget(key: string): void {
    if (this.#entries.delete(key)) this.#listener.changed(key, undefined);
  }

  #release(): void {
    for (const waiter of [...this.#waiting]) if (waiter.revision <= this.#position) waiter.settle();
  }
}
