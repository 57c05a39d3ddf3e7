/** `switchboard check-config`: what the configuration comes to. */
import type { Command } from "commander";
import { listConfig } from "../gateway/config/config-listing.ts";
import { loadConfig } from "../gateway/config/load-config.ts";
import { installedServices } from "../gateway/services.ts";
import { addAllOptions, type ConfigOptions, sourcesOf } from "./config-options.ts";
import type { Surroundings } from "./surroundings.ts";
import { printTable } from "./table.ts";

const examples = `
Examples:
  $ switchboard check-config
  $ switchboard check-config --config switchboard.config.json --set limits.maxFrameBytes=65536`;

/** Adds the command. */
export function addCheckConfigCommand(program: Command, surroundings: Surroundings): void {
  const command = program
    .command("check-config")
    .description("print every setting, its value, and where it was set; start nothing");
  command.addHelpText("after", examples);
  addAllOptions(command).action(async (options: ConfigOptions) => {
    const resolved = await loadConfig(installedServices, sourcesOf(options, surroundings));
    const rows = listConfig(resolved).map(({ name, value, source = "" }) => [name, value, source]);
    for (const line of printTable(["SETTING", "VALUE", "SET BY"], rows)) surroundings.print(line);
  });
}
