/** The options of a benchmark's command line. */
import { parseArgs } from "node:util";
import { type ServerName, serverNames } from "./server-process.ts";

export interface Options<Numbers> {
  readonly numbers: Numbers;
  readonly servers: readonly ServerName[];
  /** Where to write everything measured, as JSON. */
  readonly json: string | undefined;
}

/** Reads `--json FILE`, `--servers a,b` and one `--name NUMBER` for each of `defaults`. Throws on anything else. */
export function readOptions<Numbers extends Record<string, number>>(
  defaults: Numbers,
): Options<Numbers> {
  const names = [...Object.keys(defaults), "json", "servers"];
  const { values } = parseArgs({
    options: Object.fromEntries(names.map((name) => [name, { type: "string" as const }])),
  });
  const numbers = { ...defaults };
  for (const name of Object.keys(defaults) as (keyof Numbers & string)[]) {
    const text = values[name];
    if (text === undefined) continue;
    const value = Number(text);
    if (!(value > 0)) throw new Error(`--${name} ${text}: give a number above 0`);
    numbers[name] = value as Numbers[typeof name];
  }
  const wanted = values.servers === undefined ? [...serverNames] : values.servers.split(",");
  const servers = serverNames.filter((name) => wanted.includes(name));
  if (servers.length !== wanted.length)
    throw new Error(`--servers ${wanted.join(",")}: give some of ${serverNames.join(",")}`);
  return { numbers, servers, json: values.json };
}

/** Runs a benchmark: whatever it throws is printed, and the exit code is 1. Ctrl-C ends the processes that it started as well. */
export async function runBenchmark(benchmark: () => Promise<void>): Promise<void> {
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
  try {
    await benchmark();
  } catch (error) {
    console.error(`FAILED: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}
