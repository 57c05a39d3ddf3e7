/** `switchboard send lobby`: tells viewers to refresh. */
import type { Command } from "commander";
import { SwitchboardError } from "../../wire/error.ts";
import { addServerOptions, type ServerOptions, serverOf, tokenOption } from "../server-options.ts";
import type { Surroundings } from "../surroundings.ts";
import { opened, openWithinMs, within } from "../waiting.ts";

export function addSendLobby(command: Command, surroundings: Surroundings): void {
  addServerOptions(
    command
      .command("lobby")
      .description("a refresh to who views a lobby's prompts, or one prompt's leaderboard")
      .argument("<lobby>", "its id")
      .argument("[prompt]", "the prompt's id: its leaderboard"),
  ).action((lobby: string, prompt: string | undefined, options: ServerOptions) =>
    send(lobby, prompt, options, surroundings),
  );
}

async function send(
  lobbyId: string,
  promptId: string | undefined,
  options: ServerOptions,
  surroundings: Surroundings,
): Promise<void> {
  // Here, because the other commands are quicker without it.
  const { LobbyPrompts, signalLeaderboard } = await import("../../client/lobby/index.ts");
  const server = serverOf(options, surroundings);
  if (promptId !== undefined) {
    await signalLeaderboard(
      server.url,
      { lobbyId, promptId },
      { ...tokenOption(server), deadlineMs: openWithinMs },
    );
    surroundings.print("the viewers of the leaderboard are told to refresh");
    return;
  }
  const prompts = new LobbyPrompts(server.url, { lobbyId, ...tokenOption(server) });
  try {
    await opened(prompts.connection);
    let refused: string | undefined;
    prompts.on("error", ({ message }) => {
      refused ??= message;
    });
    const { outcome } = prompts.update();
    const became = await within(outcome, openWithinMs);
    // Of one that is over, this throws the reason.
    if (became !== "acked" && became !== "sent" && prompts.connection.state.status === "closed")
      await prompts.connection.whenOpen();
    if (refused !== undefined) throw new SwitchboardError("forbidden", refused);
    if (became !== "acked" && became !== "sent") {
      throw new SwitchboardError(
        "timeout",
        "whether the server has it is not known: send it again",
      );
    }
    surroundings.print("the viewers of the lobby's prompts are told to refresh");
  } finally {
    await prompts.close();
  }
}
