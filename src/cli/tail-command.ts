/** `switchboard tail`: what happens in a service, live. */
import type { Command } from "commander";
import type { Surroundings } from "./surroundings.ts";
import { addTailCrowd } from "./tail/tail-crowd.ts";
import { addTailDevices } from "./tail/tail-devices.ts";
import { addTailExperiments } from "./tail/tail-experiments.ts";
import { addTailLobby } from "./tail/tail-lobby.ts";
import { addTailTracking } from "./tail/tail-tracking.ts";

const examples = `
Examples:
  $ switchboard tail experiments eight-schools-1 --variable mu --variable tau
  $ switchboard tail devices 0123456789abcdef0123456789abcdef --json
  $ switchboard tail tracking --camera entrance --for 10s
  $ switchboard tail lobby 10 5 --as ann
  $ switchboard tail crowd ann`;

/** Adds the command with one of its own for each service. */
export function addTailCommand(program: Command, surroundings: Surroundings): void {
  const command = program
    .command("tail")
    .description("show what happens in a service, live")
    .addHelpText("after", examples);
  addTailCrowd(command, surroundings);
  addTailDevices(command, surroundings);
  addTailExperiments(command, surroundings);
  addTailLobby(command, surroundings);
  addTailTracking(command, surroundings);
}
