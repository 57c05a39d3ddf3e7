/** The lobby's contract: ready check, leaderboard and prompt signals. */
import { z } from "zod";
import { defineContract, namedBy } from "../../contract/index.ts";

/** Ids come as numbers or strings; 10 and "10" are the same. */
const id = z
  .union([z.number(), z.string().max(200)], {
    error: "expected a number, or a string of at most 200 characters",
  })
  .transform(String);

const name = z.string().max(1000);

const lobbyAndPrompt = { lobby_id: id, prompt_id: id };

/** How long a countdown may be. */
const maxCountdownMs = 3_600_000;

const read = ["lobby.host", "lobby.viewer"];
const signal = ["lobby.host", "lobby.signal"];

export const lobbyContract = defineContract({
  name: "lobby",
  doc: "Players ready up and start together; leaderboards and prompt lists are told to refresh.",
  transport: "websocket",
  paths: ["/", "/lobby"],
  codec: namedBy("type"),
  opensWith: ["wait_start", "leaderboard", "leaderboard_update", "lobby_prompts"],
  in: {
    wait_start: {
      roles: "any",
      doc: "Waits in a lobby for the start of a prompt.",
      schema: z.object({
        user: name,
        ...lobbyAndPrompt,
        resume: z
          .string()
          .min(1)
          .max(200)
          .optional()
          .describe(
            "A secret of the client's: with it, it keeps its place over a dropped connection",
          ),
        late: z.boolean().optional().describe("Asks to be told of a start of the last minute"),
      }),
    },
    start: {
      doc: "Starts the prompt for all who wait; `in` asks for a countdown.",
      schema: z.object({
        in: z.number().min(0).max(maxCountdownMs).optional().describe("Countdown in ms"),
      }),
      roles: ["lobby.host"],
      errors: ["wrong_state", "forbidden"],
    },
    leaderboard: {
      roles: "any",
      doc: "Views a leaderboard: `refresh` comes whenever it changes.",
      schema: z.object(lobbyAndPrompt),
    },
    leaderboard_update: {
      roles: "any",
      doc: "Tells the viewers of a leaderboard to refresh; the connection is then closed. With null ids nothing is refreshed.",
      schema: z.object({ lobby_id: id.nullable(), prompt_id: id.nullable() }),
    },
    lobby_prompts: {
      roles: "any",
      doc: "Views a lobby's prompts: `refresh` comes whenever they change.",
      schema: z.object({ lobby_id: id }),
    },
    lobby_prompts_update: {
      roles: "any",
      doc: "Tells all viewers of the lobby's prompts, the sender too, to refresh.",
      schema: z.object({}),
      errors: ["wrong_state"],
    },
  },
  out: {
    update: {
      doc: "Who waits, in the order of joining.",
      delivery: "latest",
      schema: z.object({
        users: z.array(z.string()),
        host: z.string().nullable().describe("Who may start, where not everybody may"),
        since: z.array(z.number()).describe("Since when each of `users` waits, in ms since 1970"),
      }),
    },
    start: {
      doc: "Start now, or `in` ms after `at`.",
      delivery: "all",
      schema: z.object({
        at: z.number().describe("The server's time at the start, in ms since 1970"),
        in: z.exactOptional(z.number()),
        late: z.exactOptional(z.literal(true)).describe("The start was before you came"),
      }),
    },
    refresh: {
      doc: "Fetch the leaderboard or the prompts again.",
      delivery: "latest",
      text: "refresh",
      schema: z.object({}),
    },
  },
  routes: {
    leaderboardUpdate: {
      roles: signal,
      method: "POST",
      path: "/lobbies/:lobby/prompts/:prompt/leaderboard-updates",
      doc: "Tells the viewers of a leaderboard to refresh.",
      params: z.object({ lobby: id, prompt: id }),
    },
    promptUpdate: {
      roles: signal,
      method: "POST",
      path: "/lobbies/:lobby/prompt-updates",
      doc: "Tells the viewers of a lobby's prompts to refresh.",
      params: z.object({ lobby: id }),
    },
    lobbies: {
      roles: read,
      method: "GET",
      path: "/lobbies",
      doc: "Who waits where.",
      params: z.object({}),
    },
  },
  roles: {
    "lobby.host":
      "may start the prompts, see who waits and signal by HTTP, in the lobbies of the token's claim `lobbies` (all, where it has none)",
    "lobby.viewer": "may see who waits, in the lobbies of the claim `lobbies`",
    "lobby.signal": "may signal by HTTP, to the lobbies of the claim `lobbies`",
  },
});
