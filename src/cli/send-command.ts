/** `switchboard send`: one message to a running server. */
import type { Command } from "commander";
import { addSendDevices } from "./send/send-devices.ts";
import { addSendLobby } from "./send/send-lobby.ts";
import { addSendText } from "./send/send-text.ts";
import { addSendTracking } from "./send/send-tracking.ts";
import type { Surroundings } from "./surroundings.ts";

const examples = `
Examples:
  $ switchboard send devices 0123456789abcdef0123456789abcdef open the valve --wait 30s
  $ switchboard send lobby 10 5                          who views leaderboard 5 of lobby 10 shall refresh
  $ switchboard send tracking start entrance --frame 120 --box 3
  $ switchboard send text /lobby '{"type":"leaderboard","lobby_id":10,"prompt_id":5}'`;

/** Adds the command with one of its own for each service that takes messages from people. */
export function addSendCommand(program: Command, surroundings: Surroundings): void {
  const command = program
    .command("send")
    .description("send one message, and wait for what becomes of it")
    .addHelpText("after", examples);
  addSendDevices(command, surroundings);
  addSendLobby(command, surroundings);
  addSendTracking(command, surroundings);
  addSendText(command, surroundings);
}
