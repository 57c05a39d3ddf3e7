/** `switchboard export`: what the server has stored, on standard output or in a file. */
import { type Command, Option } from "commander";
import { answerOf, commandsOf, download } from "./export/download.ts";
import { addServerOptions, type ServerOptions, serverOf } from "./server-options.ts";
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
  const command = program
    .command("export")
    .description("print what the server has stored")
    .addHelpText("after", examples);
  const print = (path: string, options: ExportOptions) =>
    download(answerOf(serverOf(options, surroundings), path), options.out, surroundings);
  const format = () =>
    new Option("--format <format>", "csv or json").choices(["csv", "json"]).default("csv");

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
      return print(path, options);
    });
  added(command, "crowd", "every unit, CAD, ranking, feedback and result of a study")
    .argument("<study>", "its id")
    .addOption(format())
    .action((study: string, options: SamplesOptions) =>
      print(`/crowd/studies/${encodeURIComponent(study)}/export?format=${options.format}`, options),
    );
  added(command, "devices", "the commands of a monitor and what became of them")
    .argument("<monitor>", "its id")
    .option("--status <status>", "only those: queued, sent, done, failed, expired or cancelled")
    .action((monitor: string, options: ExportOptions & { readonly status?: string }) => {
      const path = `/devices/${encodeURIComponent(monitor)}/commands`;
      const query = options.status === undefined ? {} : { status: options.status };
      return download(
        commandsOf(serverOf(options, surroundings), path, query),
        options.out,
        surroundings,
      );
    });
  added(command, "tracking", "the timeline of one tracked object, or the ids of all")
    .argument("[object]", "its id (default: print the ids of all)")
    .action((object: string | undefined, options: ExportOptions) => {
      const path =
        object === undefined
          ? "/objectIds"
          : `/timelines?${new URLSearchParams({ objectId: object })}`;
      return print(path, options);
    });
}

function added(command: Command, service: string, description: string): Command {
  return addServerOptions(command.command(service).description(description)).option(
    "--out <file>",
    "write it there, whole or not at all (default: standard output)",
  );
}
