/** Preloaded by every unit test process: lets the worker threads that it starts run the TypeScript sources, which Node 20 cannot read by itself. */
import { register } from "node:module";
import { isMainThread } from "node:worker_threads";

// The main thread's modules are Vitest's business. Node from 22.18 on needs no help.
if (!isMainThread && !process.features.typescript)
  register("./thread-typescript-hooks.js", import.meta.url);
