/** `npm run demo`. */
import { runDemo } from "./run.ts";

process.exit(await runDemo(process.argv.slice(2)));
