/** `npm run demo`: builds what must be built, then runs the demo in this process, so that its flags and signals are the demo's. */
import { buildIfStale } from "./build-if-stale.js";

buildIfStale();
await import("../dist/demo/main.js");
