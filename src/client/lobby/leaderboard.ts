/** A viewer of a leaderboard. */
import type { ConnectOptions } from "../options.ts";
import type { LobbyId } from "./lobby-messages.ts";
import { RefreshView } from "./refresh-view.ts";

/** Which leaderboard, and all that a connection may be told. */
export interface LeaderboardOptions extends Omit<ConnectOptions, "identify" | "transport"> {
  readonly lobbyId: LobbyId;
  readonly promptId: LobbyId;
}

/**
 * Hears when a leaderboard changes; `signalLeaderboard` says that it has.
 *
 * ```ts
 * const board = new Leaderboard("ws://127.0.0.1:7400", { lobbyId: 10, promptId: 5 });
 * board.on("refresh", () => fetchScores());
 * ```
 */
export class Leaderboard extends RefreshView {
  constructor(url: string | URL, { lobbyId, promptId, ...options }: LeaderboardOptions) {
    super(url, { type: "leaderboard", lobby_id: lobbyId, prompt_id: promptId }, options);
  }
}
