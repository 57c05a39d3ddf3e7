/** The flags of the demo. */
import { parseArgs } from "node:util";

export const usage = `Usage: npm run demo -- [flags]

Starts a server and simulated clients of all its services, and shows what goes on.

  --seconds N   stop after N seconds (default: run until Ctrl-C)
  --port N      port to listen on; 0 is any free one (default 7400)
  --seed TEXT   what the simulated clients do by chance follows from it (default "switchboard")
  --data DIR    keep what the server stores there (default: a temporary folder, removed at the end)
  --help        print this

Examples:
  npm run demo
  npm run demo -- --seconds 20 --port 0
`;

export interface Flags {
  /** Undefined: until told to stop. */
  readonly seconds: number | undefined;
  readonly port: number;
  readonly seed: string;
  /** Undefined: a temporary folder. */
  readonly data: string | undefined;
  readonly help: boolean;
}

/** Throws an Error whose message says what is wrong with them. */
export function flagsIn(args: readonly string[]): Flags {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: "string" },
      port: { type: "string", default: "7400" },
      seed: { type: "string", default: "switchboard" },
      data: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.data === "") throw new Error("--data must name a folder, not be empty");
  return {
    seconds:
      values.seconds === undefined
        ? undefined
        : number("--seconds", values.seconds, { least: 1, most: 1_000_000 }),
    port: number("--port", values.port, { least: 0, most: 65_535 }),
    seed: values.seed,
    data: values.data,
    help: values.help,
  };
}

function number(
  flag: string,
  text: string,
  { least, most }: { readonly least: number; readonly most: number },
): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new Error(
    `${flag} must be a whole number from ${least} to ${most}, not ${JSON.stringify(text)}`,
  );
}
