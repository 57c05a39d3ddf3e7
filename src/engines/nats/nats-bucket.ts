/** The KV bucket of sessions and leases: conditional writes by revision, and what is needed to keep it small. */
import type { KV } from "@nats-io/kv";
import { Kvm } from "@nats-io/kv";
import { textOf } from "./nats-event.ts";
import { isMessageGone, isWrongSequence } from "./nats-failure.ts";
import type { NatsLink } from "./nats-link.ts";
import { assertSafeCopies, streamReady } from "./nats-stream.ts";

/** Requests that may be under way at once when there is much to remove. */
const atOnce = 50;

/** What is under a key. `text` is null where it was deleted: the deletion has a revision too. */
interface BucketEntry {
  readonly revision: number;
  readonly text: string | null;
}

export class NatsBucket {
  readonly #link: NatsLink;
  readonly #kv: KV;
  /** The stream that holds the bucket. Its sequence is the revision. */
  readonly stream: string;
  /** What comes before a key in the stream. */
  readonly prefix: string;

  private constructor(link: NatsLink, kv: KV, name: string) {
    this.#link = link;
    this.#kv = kv;
    this.stream = `KV_${name}`;
    this.prefix = `$KV.${name}.`;
  }

  /** Opens the bucket; makes it if there is none. */
  static async open(link: NatsLink, name: string, replicas: number): Promise<NatsBucket> {
    assertSafeCopies(link, name, replicas);
    // Not direct: reads are answered by the leader, so that each sees all writes before it.
    const options = { history: 1, replicas, allow_direct: false };
    const open = () =>
      link.call(`opening bucket ${name}`, () => new Kvm(link.js).create(name, options));
    // Another node made it just now, with settings that differ and stand; or the answer was lost.
    const kv = await open().catch(() => open());
    const bucket = new NatsBucket(link, kv, name);
    const { config } = await link.call(`opening bucket ${name}`, () =>
      link.jsm.streams.info(bucket.stream),
    );
    assertSafeCopies(link, name, config.num_replicas);
    await streamReady(link, `${bucket.prefix}ready`);
    return bucket;
  }

  async get(key: string): Promise<BucketEntry | null> {
    const entry = await this.#link.call(`reading ${key}`, () => this.#kv.get(key));
    if (entry === null) return null;
    return {
      revision: entry.revision,
      text: entry.operation === "PUT" ? textOf(entry.value) : null,
    };
  }

  /** Stores and gives the revision. With `expect` (0: no entry) only if that is the present one, otherwise "conflict". */
  async put(
    key: string,
    text: string,
    options: { expect?: number; timeoutMs?: number } = {},
  ): Promise<number | "conflict"> {
    const { expect, timeoutMs } = options;
    try {
      return await this.#link.call(`storing ${key}`, () =>
        this.#kv.put(key, text, {
          ...(expect === undefined ? {} : { previousSeq: expect }),
          ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
        }),
      );
    } catch (error) {
      if (isWrongSequence(error)) return "conflict";
      throw error;
    }
  }

  /** Marks the key as deleted if its revision is this one; false if it is another. */
  async remove(key: string, revision: number): Promise<boolean> {
    try {
      await this.#link.call(`releasing ${key}`, () =>
        this.#kv.delete(key, { previousSeq: revision }),
      );
      return true;
    } catch (error) {
      if (isWrongSequence(error)) return false;
      throw error;
    }
  }

  /** `remove` for many keys, some at a time. */
  async removeAll(keys: readonly (readonly [key: string, revision: number])[]): Promise<void> {
    await inGroups(keys, ([key, revision]) => this.remove(key, revision));
  }

  /** Forgets the marks of deletions, some at a time. */
  async forgetAll(revisions: readonly number[]): Promise<void> {
    await inGroups(revisions, (revision) => this.#forget(revision));
  }

  /** The revision of the newest write. */
  async lastRevision(): Promise<number> {
    const { state } = await this.#link.call("asking for leases", () =>
      this.#link.jsm.streams.info(this.stream),
    );
    return state.last_seq;
  }

  async #forget(revision: number): Promise<void> {
    try {
      await this.#link.call("cleaning up leases", () =>
        this.#link.jsm.streams.deleteMessage(this.stream, revision, false),
      );
    } catch (error) {
      if (!isMessageGone(error)) throw error;
    }
  }
}

async function inGroups<T>(
  items: readonly T[],
  each: (item: T) => Promise<unknown>,
): Promise<void> {
  for (let at = 0; at < items.length; at += atOnce)
    await Promise.all(items.slice(at, at + atOnce).map(each));
}
