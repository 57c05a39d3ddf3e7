/** `switchboard export`: what the server has stored, on standard output or in a file. */
import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { type Command, Option } from "commander";
import { SwitchboardError } from "../wire/error.ts";
import { addServerOptions, request, type ServerOptions, serverOf } from "./server-options.ts";
import type { Surroundings } from "./surroundings.ts";

interface ExportOptions extends ServerOptions {
  readonly out?: string;
}

interface SamplesOptions extends ExportOptions {
  readonly variable?: string;
  readonly chain: string;
  readonly format: string;
}

const examples = `
Examples:
  $ switchboard export experiments eight-schools-1                          the names of its variables
  $ switchboard export experiments eight-schools-1 --variable mu --chain chain_1  all draws of one variable, as CSV
  $ switchboard export crowd my-study --format csv --out study.csv
  $ switchboard export devices 0123456789abcdef0123456789abcdef --status failed
  $ switchboard export tracking 3                                         where object 3 was seen, and when`;

/** Adds the command with one of its own for each service that stores something. */
export function addExportCommand(program: Command, surroundings: Surroundings): void {
  const command = program.command("export").description("print what the server has stored").addHelpText("after", examples);
  const format = () => new Option("--format <format>", "csv or json").choices(["csv", "json"]).default("csv");

  added(command, "experiments", "the draws of one variable, or the names of all")
    .argument("<experiment>", "its id")
    .option("--variable <name>", "which variable (default: print the names of all)")
    .option("--chain <name>", "which chain", "chain_default")
    .addOption(format())
    .action((experiment: string, options: SamplesOptions) => {
      const base = `/experiments/${encodeURIComponent(experiment)}`;
      const { variable, chain } = options;
      const path =
        variable === undefined
          ? `${base}/variables`
          : `${base}/samples?${new URLSearchParams({ chain, variable, format: options.format })}`;
      return download(path, options, surroundings);
    });
  added(command, "crowd", "every unit, CAD, ranking, feedback and result of a study")
    .argument("<study>", "its id")
    .addOption(format())
    .action((study: string, options: SamplesOptions) =>
      download(`/crowd/studies/${encodeURIComponent(study)}/export?format=${options.format}`, options, surroundings),
    );
  added(command, "devices", "the commands of a monitor and what became of them")
    .argument("<monitor>", "its id")
    .option("--status <status>", "only those: queued, sent, done, failed, expired or cancelled")
    .action((monitor: string, options: ExportOptions & { readonly status?: string }) => {
      const query = options.status === undefined ? "" : `?${new URLSearchParams({ status: options.status })}`;
      return download(`/devices/${encodeURIComponent(monitor)}/commands${query}`, options, surroundings);
    });
  added(command, "tracking", "the timeline of one tracked object, or the ids of all")
    .argument("[object]", "its id (default: print the ids of all)")
    .action((object: string | undefined, options: ExportOptions) => {
      const path = object === undefined ? "/objectIds" : `/timelines?${new URLSearchParams({ objectId: object })}`;
      return download(path, options, surroundings);
    });
}

function added(command: Command, service: string, description: string): Command {
  return addServerOptions(command.command(service).description(description)).option(
    "--out <file>",
    "write it there (default: standard output)",
  );
}

/** As it comes, however large it is. */
async function download(path: string, options: ExportOptions, surroundings: Surroundings): Promise<void> {
  const { body } = await request(serverOf(options, surroundings), path);
  const pieces = withLineEnd(body ?? []);
  if (options.out === undefined) {
    for await (const piece of pieces) await surroundings.write(piece);
    return;
  }
  const file = createWriteStream(options.out);
  try {
    await pipeline(pieces, file);
  } catch (error) {
    throw new SwitchboardError("internal", `${options.out} could not be written: ${(error as Error).message}`, {}, { cause: error });
  }
  surroundings.remark(`Wrote ${options.out} (${file.bytesWritten} bytes).`);
}

/** Some of the answers do not end their last line. */
async function* withLineEnd(pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let lastByte: number | undefined;
  for await (const piece of pieces) {
    lastByte = piece.at(-1) ?? lastByte;
    yield piece;
  }
  if (lastByte !== undefined && lastByte !== 0x0a) yield Uint8Array.of(0x0a);
}
