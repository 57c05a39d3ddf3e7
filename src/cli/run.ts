/** The command line: finds the command, runs it, and makes of its failure a line for people and an exit code. */
import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { likely } from "../gateway/config/nearest.ts";
import { isSwitchboardError } from "../wire/error.ts";
import { addCheckConfigCommand } from "./check-config-command.ts";
import { addStartCommand } from "./start-command.ts";
import type { Surroundings } from "./surroundings.ts";
import { addTokenCommands } from "./token-commands.ts";

/** 0: done. 1: failed on the way. 2: called wrongly, or wrongly configured. */
export type ExitCode = 0 | 1 | 2;

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
    surroundings.remark(`error: ${isSwitchboardError(error) ? error.message : unexpected(error)}`);
    return isSwitchboardError(error, "bad_config") ? 2 : 1;
  }
}

function programFor(surroundings: Surroundings): Command {
  const program = new Command("switchboard")
    .description("One server for five live protocols, and the kit to write the sixth.")
    .version(versionOf())
    .exitOverride()
    .configureOutput({
      writeOut: (text) => surroundings.print(text.trimEnd()),
      writeErr: (text) => surroundings.remark(text.trimEnd()),
    })
    .showHelpAfterError("(--help shows what there is)");
  const start = addStartCommand(program, surroundings);
  addCheckConfigCommand(program, surroundings);
  addTokenCommands(program, surroundings);
  program.addHelpText("after", () => `\nOptions of start:\n${optionsOf(start)}`);
  return program;
}

/** Commander would hand the word to `start`, which takes none, and complain about that. */
function refuseUnknownCommand(program: Command, word: string | undefined): void {
  const known = [...program.commands.map((command) => command.name()), "help"];
  if (word === undefined || word.startsWith("-") || known.includes(word)) return;
  const meant = likely(word, known);
  program.error(`error: there is no command ${JSON.stringify(word)}${meant === undefined ? "" : `: did you mean ${meant}?`}`);
}

function optionsOf(command: Command): string {
  const help = command.createHelp();
  const options = help.visibleOptions(command);
  const width = Math.max(...options.map((option) => option.flags.length));
  return options.map((option) => help.formatItem(option.flags, width, option.description, help)).join("\n");
}

function versionOf(): string {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { readonly version: string };
  return version;
}

function unexpected(error: unknown): string {
  return `unexpected: ${error instanceof Error ? error.message : String(error)}`;
}
