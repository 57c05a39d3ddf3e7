/** `switchboard/client/lobby`: players who start together, and pages that refresh when somebody says so. Browsers and Node. */

export type { ServerError } from "../server-error.ts";
export { Leaderboard, type LeaderboardOptions } from "./leaderboard.ts";
export type { LobbyId, LobbyPlayers, LobbyStart } from "./lobby-messages.ts";
export {
  LobbyPlayer,
  type LobbyPlayerEvents,
  type LobbyPlayerOptions,
  type StartOptions,
} from "./lobby-player.ts";
export { LobbyPrompts, type LobbyPromptsOptions } from "./lobby-prompts.ts";
export type { Refresh, RefreshViewEvents } from "./refresh-view.ts";
export { type SignalOptions, signalLeaderboard } from "./signal-leaderboard.ts";
