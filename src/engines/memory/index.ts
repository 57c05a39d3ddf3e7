/** The memory engine. */
export { type MemoryEngineOptions, openMemoryEngine } from "./memory-engine.ts";
export { MemoryStore } from "./memory-store.ts";
