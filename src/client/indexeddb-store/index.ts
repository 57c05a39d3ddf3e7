/**
 * `switchboard/client/indexeddb-store`: keeps an outbox in IndexedDB, so that a page that crashes or reloads loses nothing that it
 * accepted.
 */
export {
  IndexedDbOutboxStore,
  type IndexedDbOutboxStoreOptions,
} from "./indexeddb-outbox-store.ts";
