/** `npm start`: builds what must be built, then runs the command in this process, so that its flags and signals are the server's. */
import { buildIfStale } from "./build-if-stale.js";

buildIfStale();
await import("../dist/cli/main.js");
