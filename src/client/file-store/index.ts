/** `switchboard/client/file-store`: keeps an outbox in a file, so that a crash of a Node process loses nothing that it accepted. */
export { FileOutboxStore, type FileOutboxStoreOptions } from "./file-outbox-store.ts";
