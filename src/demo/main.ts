/** `npm run demo`. */
import { runDemo } from "./run.ts";

const unread = new AbortController();
let failed = false;
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", ({ code }: NodeJS.ErrnoException) => {
    // That nobody reads it any more (`| head`) is no failure.
    if (code !== "EPIPE") failed = true;
    unread.abort();
  });
}
const code = await runDemo(process.argv.slice(2), unread.signal);
process.exit(failed ? 1 : code);
