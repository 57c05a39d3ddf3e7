/** The embedded engine. */
export { type EmbeddedEngineOptions, openEmbeddedEngine } from "./embedded-engine.ts";
