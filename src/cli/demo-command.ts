/** `switchboard demo`: a server with simulated clients of all services. */
import type { Command } from "commander";
import { CommandFailed } from "./exit.ts";
import type { Surroundings } from "./surroundings.ts";

/** How long a reader of standard output that has stopped may hold the exit. */
const lastLinesMs = 500;

/** Adds the command; its flags are the demo's own. */
export function addDemoCommand(program: Command, surroundings: Surroundings): void {
  program
    .command("demo")
    .description(
      "start a server with simulated clients of all services, and show what goes on (demo --help lists its flags)",
    )
    .helpOption(false)
    .allowUnknownOption()
    .argument("[flags...]", "see demo --help")
    .action(async (flags: readonly string[]) => {
      // Here, because the other commands are quicker without it.
      const { runDemo } = await import("../demo/run.ts");
      surroundings.leaveWithin(lastLinesMs);
      const code = await runDemo(flags, surroundings.unread());
      if (code !== 0) throw new CommandFailed(code);
    });
}
