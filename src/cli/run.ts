/** The command line: finds the command, runs it, and makes of its failure a line for people and an exit code. */
import { Command, CommanderError } from "commander";
import { likely } from "../gateway/config/nearest.ts";
import { serverVersion } from "../gateway/version.ts";
import { isSwitchboardError, messageOf } from "../wire/error.ts";
import { addBenchCommand } from "./bench-command.ts";
import { addCheckConfigCommand } from "./check-config-command.ts";
import { addDemoCommand } from "./demo-command.ts";
import { CommandFailed, type ExitCode } from "./exit.ts";
import { addExportCommand } from "./export-command.ts";
import { addPublishCommand } from "./publish-command.ts";
import { addSendCommand } from "./send-command.ts";
import { addStartCommand } from "./start-command.ts";
import type { Surroundings } from "./surroundings.ts";
import { addTailCommand } from "./tail-command.ts";
import { addTokenCommands } from "./token-commands.ts";

/** Runs a command to its end; never rejects. */
export async function run(args: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  try {
    const program = programFor(surroundings);
    refuseUnknownCommand(program, args[0]);
    await program.parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    // Commander has said it already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof CommandFailed) return error.code;
    surroundings.remark(`error: ${isSwitchboardError(error) ? error.message : unexpected(error)}`);
    return isSwitchboardError(error, "bad_config") ? 2 : 1;
  }
}

const examples = `
Examples:
  $ switchboard                                        start the server on http://127.0.0.1:7400
  $ switchboard demo                                   the same with simulated clients of everything
  $ switchboard tail experiments eight-schools-1       what happens in an experiment, live
  $ switchboard send devices MONITOR open the valve    and what becomes of it
  $ python sample.py | switchboard publish my-run      draws into an experiment
Every command has its own --help.

Exit codes: 0 done, 1 failed on the way (standard error says why), 2 called wrongly or wrongly configured.`;

function programFor(surroundings: Surroundings): Command {
  const program = new Command("switchboard")
    .description("One server for five live protocols, and the kit to write the sixth.")
    .version(serverVersion())
    .exitOverride()
    .configureOutput({
      writeOut: (text) => surroundings.print(text.trimEnd()),
      writeErr: (text) => surroundings.remark(text.trimEnd()),
    })
    .showHelpAfterError("(--help shows what there is)");
  const start = addStartCommand(program, surroundings);
  addDemoCommand(program, surroundings);
  addTailCommand(program, surroundings);
  addSendCommand(program, surroundings);
  addPublishCommand(program, surroundings);
  addExportCommand(program, surroundings);
  addBenchCommand(program, surroundings);
  addCheckConfigCommand(program, surroundings);
  addTokenCommands(program, surroundings);
  program.addHelpText("after", () => `\nOptions of start:\n${optionsOf(start)}\n${examples}`);
  return program;
}

/** Commander would hand the word to `start`, which takes none, and complain about that. */
function refuseUnknownCommand(program: Command, word: string | undefined): void {
  const known = [...program.commands.map((command) => command.name()), "help"];
  if (word === undefined || word.startsWith("-") || known.includes(word)) return;
  const meant = likely(word, known);
  program.error(
    `error: there is no command ${JSON.stringify(word)}${meant === undefined ? "" : `: did you mean ${meant}?`}`,
  );
}

function optionsOf(command: Command): string {
  const help = command.createHelp();
  const options = help.visibleOptions(command);
  const width = Math.max(...options.map((option) => option.flags.length));
  return options
    .map((option) => help.formatItem(option.flags, width, option.description, help))
    .join("\n");
}

function unexpected(error: unknown): string {
  return `unexpected: ${messageOf(error)}`;
}
