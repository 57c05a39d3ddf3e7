/** `switchboard tail lobby`: who waits, starts and refreshes, as they happen. */
import type { Command } from "commander";
import { addLiveOptions, type LiveOptions, LiveView } from "../live-view.ts";
import { serverOf, tokenOption } from "../server-options.ts";
import type { Surroundings } from "../surroundings.ts";

interface TailLobbyOptions extends LiveOptions {
  readonly as?: string;
}

export function addTailLobby(command: Command, surroundings: Surroundings): void {
  addLiveOptions(
    command
      .command("lobby")
      .description("refresh signals of a lobby's prompts, and of one prompt's leaderboard")
      .argument("<lobby>", "its id")
      .argument("[prompt]", "the prompt's id: its leaderboard, too")
      .option(
        "--as <name>",
        "wait for the prompt as a player of this name, and see who waits and when it starts",
      ),
  ).action(
    (lobby: string, prompt: string | undefined, options: TailLobbyOptions, command: Command) => {
      if (options.as !== undefined && prompt === undefined)
        return command.error("error: --as waits for a prompt: name it behind the lobby");
      return tail(lobby, prompt, options, surroundings);
    },
  );
}

async function tail(
  lobbyId: string,
  promptId: string | undefined,
  options: TailLobbyOptions,
  surroundings: Surroundings,
): Promise<void> {
  // Here, because the other commands are quicker without it.
  const { Leaderboard, LobbyPlayer, LobbyPrompts } = await import("../../client/lobby/index.ts");
  const server = serverOf(options, surroundings);
  const view = new LiveView(options, surroundings);
  const token = tokenOption(server);
  const prompts = new LobbyPrompts(server.url, { lobbyId, ...token });
  const connections = [prompts.connection];
  prompts.on("refresh", signalsOf("prompts", view));
  if (promptId !== undefined) {
    const board = new Leaderboard(server.url, { lobbyId, promptId, ...token });
    board.on("refresh", signalsOf("leaderboard", view));
    connections.push(board.connection);
    if (options.as !== undefined) {
      const player = new LobbyPlayer(server.url, { user: options.as, lobbyId, promptId, ...token });
      player.on("players", (players) => {
        const host = players.host == null ? "" : ` (host: ${players.host})`;
        view.show(`waiting: ${players.users.join(", ")}${host}`, { event: "players", ...players });
      });
      player.on("start", (start) => {
        view.show(`start${start.inMs > 0 ? ` in ${(start.inMs / 1000).toFixed(1)} s` : ""}`, {
          event: "start",
          ...start,
        });
      });
      connections.push(player.connection);
    }
  }
  await view.run(...connections);
}

/** What the first opening may have missed is what nobody has looked at yet. */
function signalsOf(event: string, view: LiveView): (refresh: { readonly missed: boolean }) => void {
  let isFirst = true;
  return ({ missed }) => {
    if (!isFirst || !missed)
      view.show(`${event} refresh${missed ? " (was not connected: it may have changed)" : ""}`, {
        event,
        missed,
      });
    isFirst = false;
  };
}
