#!/usr/bin/env node
/** The command `switchboard`. */
import { Ending } from "./ending.ts";
import { run } from "./run.ts";

const ending = new Ending();
const code = await run(process.argv.slice(2), {
  env: process.env,
  folder: process.cwd(),
  print: (line) => process.stdout.write(`${line}\n`),
  write: (piece) => new Promise((resolve) => process.stdout.write(piece, () => resolve())),
  remark: (line) => process.stderr.write(`${line}\n`),
  progress: process.stderr.isTTY ? (line) => process.stderr.write(`\r\u001b[2K${line}`) : undefined,
  leaveWithin: (ms) => ending.leaveWithin(ms),
  input: () => process.stdin,
  interrupted: () => ending.interrupted(),
  unread: () => ending.unread(),
});
ending.leave(code);
