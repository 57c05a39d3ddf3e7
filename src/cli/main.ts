#!/usr/bin/env node
/** The command `switchboard`. */
import { run } from "./run.ts";

const code = await run(process.argv.slice(2), {
  env: process.env,
  folder: process.cwd(),
  print: (line) => process.stdout.write(`${line}\n`),
  remark: (line) => process.stderr.write(`${line}\n`),
});
process.exit(code);
