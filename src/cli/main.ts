#!/usr/bin/env node
/** The command `switchboard`. */
import { run } from "./run.ts";

// Whoever reads our output may stop doing so (`| head`): that is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

const code = await run(process.argv.slice(2), {
  env: process.env,
  folder: process.cwd(),
  print: (line) => process.stdout.write(`${line}\n`),
  write: (piece) => new Promise((resolve) => process.stdout.write(piece, () => resolve())),
  remark: (line) => process.stderr.write(`${line}\n`),
  progress: process.stderr.isTTY ? (line) => process.stderr.write(`\r\u001b[2K${line}`) : undefined,
  input: () => process.stdin,
  interrupted,
});
// What was printed leaves first, also where it goes into a pipe.
process.stdout.write("", () => process.exit(code));

function interrupted(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(1);
      controller.abort();
    });
  }
  return controller.signal;
}
