/** The outbox in IndexedDB keeps what every durable outbox promises, in a real browser. */
import { randomUUID } from "node:crypto";
import type { JSHandle } from "playwright-core";
import type { OutboxStore, StoredMessage } from "../../src/client/index.ts";
import type { IndexedDbOutboxStoreOptions } from "../../src/client/indexeddb-store/index.ts";
import { outboxStoreSuite } from "../../src/client/outbox-store.suite.ts";
import { chromium, needs } from "../support/requirements.ts";
import { scopePerFile } from "../support/scope.ts";
import { ClientBrowser, type ClientPage, type Entry } from "./client-page.ts";

declare const switchboard: Entry;

needs(chromium);
const file = scopePerFile();
const browser = new ClientBrowser(file);
let page: Promise<ClientPage> | undefined;

/** A store in the page. What is thrown there has code and message here, too. */
class PageStore implements OutboxStore {
  readonly #store: Promise<JSHandle<OutboxStore>>;

  constructor(name: string, options: IndexedDbOutboxStoreOptions) {
    page ??= browser.open(file);
    this.#store = page.then(({ page }) =>
      page.evaluateHandle(
        ([name, options]) => new switchboard.indexedDb.IndexedDbOutboxStore(name, options),
        [name, options] as const,
      ),
    );
  }

  async load(): Promise<readonly StoredMessage[]> {
    return (await this.#call("load")) as StoredMessage[];
  }

  async put(message: StoredMessage): Promise<void> {
    await this.#call("put", message);
  }

  async markWritten(id: string): Promise<void> {
    await this.#call("markWritten", id);
  }

  async remove(id: string): Promise<void> {
    await this.#call("remove", id);
  }

  async close(): Promise<void> {
    await this.#call("close");
  }

  /** As JSON in both directions, which keeps every string, lone surrogates too. */
  async #call(method: keyof OutboxStore, argument?: unknown): Promise<unknown> {
    const store = await this.#store;
    const answer = await store.evaluate(
      async (store, [method, argument]) => {
        const call = store[method].bind(store) as (argument: unknown) => Promise<unknown>;
        try {
          return JSON.stringify({ value: await call(JSON.parse(argument)) });
        } catch (error) {
          const { code, message } = error as InstanceType<Entry["client"]["SwitchboardError"]>;
          return JSON.stringify({ error: { code, message } });
        }
      },
      [method, JSON.stringify(argument ?? null)] as const,
    );
    const { value, error } = JSON.parse(answer) as {
      readonly value?: unknown;
      readonly error?: object;
    };
    if (error !== undefined) throw Object.assign(new Error(), error);
    return value;
  }
}

for (const durability of ["process", "disk"] as const) {
  outboxStoreSuite(`IndexedDbOutboxStore, ${durability}`, async () => {
    const name = randomUUID();
    return { store: () => new PageStore(name, { durability }) };
  });
}
