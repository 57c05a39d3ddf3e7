/** A durable store that gives out posts only to a publisher of the address that they are for. */
import { SwitchboardError } from "../../wire/error.ts";
import type { OutboxStore, StoredMessage } from "../outbox-store.ts";
import { addressOf } from "./post-id.ts";

/**
 * Another store, looked at before it is used: if posts for another address wait in it, `load` and everything else but `close` reject with
 * `conflict`, and it stays as it is. Posts of a version that did not say where they belong are taken for one's own; an empty store is anybody's.
 */
export class OwnPostsStore implements OutboxStore {
  readonly #store: OutboxStore;
  readonly #address: string;
  #looking: Promise<void> | undefined;
  /** What an earlier run left, until it is asked for. */
  #left: readonly StoredMessage[] | undefined;

  constructor(store: OutboxStore, address: string) {
    this.#store = store;
    this.#address = address;
  }

  async load(): Promise<readonly StoredMessage[]> {
    await this.#looked();
    const left = this.#left;
    this.#left = undefined;
    return left ?? (await this.#store.load());
  }

  async put(message: StoredMessage): Promise<void> {
    await this.#looked();
    await this.#store.put(message);
  }

  async markWritten(id: string): Promise<void> {
    await this.#looked();
    await this.#store.markWritten(id);
  }

  async remove(id: string): Promise<void> {
    await this.#looked();
    await this.#store.remove(id);
  }

  async close(): Promise<void> {
    // Behind the calls that came before it.
    await this.#looking?.catch(() => {});
    this.#left = undefined;
    await this.#store.close();
  }

  #looked(): Promise<void> {
    this.#looking ??= this.#look();
    return this.#looking;
  }

  async #look(): Promise<void> {
    const left = await this.#store.load();
    const others = left
      .map(({ id }) => addressOf(id))
      .filter((address) => address !== undefined && address !== this.#address);
    if (others.length === 0) {
      this.#left = left;
      return;
    }
    const what = others.length === 1 ? "a post waits" : `${others.length} posts wait`;
    throw new SwitchboardError(
      "conflict",
      `in it ${what} for ${others[0]}, and this is ${this.#address}: publish there first, with this store, or take another store for this`,
      { waitingFor: others[0], address: this.#address },
    );
  }
}
