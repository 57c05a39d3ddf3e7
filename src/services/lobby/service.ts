/** The lobby service: thin handlers over the players, the roster and the topics. */
import { z } from "zod";
import {
  type Connection,
  dataAnswer,
  defineService,
  hasRole,
  mayTouch,
  type Principal,
  SwitchboardError,
} from "../../kit/index.ts";
import { lobbyContract } from "./contract.ts";
import { Players } from "./players.ts";
import { RoomUpdates } from "./room-updates.ts";
import { Roster, roomOf } from "./roster.ts";
import {
  forgetOld,
  type HostRule,
  isRecent,
  listing,
  listingBytes,
  mayStart,
  type Start,
} from "./rules.ts";

const configSchema = z.strictObject({
  host: z
    .enum(["anyone", "first"])
    .default("anyone")
    .describe("With auth off, who may start: anyone who waits, or the first to have joined"),
  graceMs: z
    .int()
    .min(0)
    .max(600_000)
    .default(5000)
    .describe(
      "How long a player with a resume key keeps its place without a connection. Default 5 s",
    ),
  maxPlayers: z
    .int()
    .min(1)
    .max(100_000)
    .default(1000)
    .describe(
      "Most players that may wait for one prompt of a lobby; one more: close 1013. Default 1,000",
    ),
  updateBytesPerSecond: z
    .int()
    .min(1 << 16)
    .max(1 << 30)
    .default(32 << 20)
    .describe(
      "Bytes of lists that the players of one prompt may be sent per second; in rooms beyond it, lists are skipped and the newest comes later. Default 32 MiB",
    ),
  lateMs: z
    .int()
    .min(0)
    .max(3_600_000)
    .default(60_000)
    .describe("How long after a start a joiner who asks is told of it. Default 60 s"),
});

/** Goes over the bus to every node. */
interface StartSignal extends Start {
  readonly room: string;
}

export const lobby = defineService({
  contract: lobbyContract,
  config: configSchema,
  async start(context) {
    const { config, clock, leases, bus } = context;
    const rule: HostRule = context.authEnabled ? "role" : config.host;
    const roster = new Roster();
    const starts = new Map<string, Start>();
    /** The lobby whose prompts a viewer views; null for a viewer of a leaderboard. */
    const viewers = new Map<Connection, string | null>();

    const waiting = (room: string, group: number) => context.topic(`waiting ${group} ${room}`);
    const leaderboard = (lobbyId: string, promptId: string) =>
      context.topic(`leaderboard ${roomOf(lobbyId, promptId)}`);
    const prompts = (lobbyId: string) => context.topic(`prompts ${lobbyId}`);
    const updates = new RoomUpdates({
      clock,
      bytesPerSecond: config.updateBytesPerSecond,
      group(room, number) {
        const topic = waiting(room, number);
        return {
          get size() {
            return topic.size;
          },
          join: (connection) => topic.join(connection),
          publish: () => topic.publishHere("update", listing(roster.members(room), rule)),
        };
      },
      listingBytes: (room) => listingBytes(roster.members(room)),
    });

    const players = new Players({
      leases,
      clock,
      roster,
      graceMs: config.graceMs,
      maxPlayers: config.maxPlayers,
      background: context.background,
      evicted(connection, why) {
        if (why === "stolen")
          context.close(
            connection,
            "replaced",
            "the same player has come back on another connection",
          );
        else
          context.close(
            connection,
            "restarting",
            "this server lost its place in the cluster: come back",
          );
      },
    });

    const watch = await leases.watch("lobby.", (change) => {
      const room = roster.apply(change);
      if (room !== undefined) updates.changed(room);
    });
    const startSignals = await bus.subscribe("lobby.start", (data) => {
      const { room, ...start } = JSON.parse(data) as StartSignal;
      starts.delete(room);
      starts.set(room, start);
      forgetOld(starts, clock.now(), config.lateMs);
      for (let group = 0; group < updates.groupCount(room); group++)
        waiting(room, group).publishHere("start", start);
    });

    /** Throws `forbidden` where the token is limited to other lobbies. */
    const demandLobby = (principal: Principal | undefined, lobbyId: string) => {
      if (principal !== undefined && !mayTouch(principal, "lobbies", lobbyId)) {
        throw new SwitchboardError("forbidden", `this token is not for lobby ${lobbyId}`);
      }
    };

    const demandNew = (connection: Connection, message: string) => {
      if (players.of(connection) !== undefined || viewers.has(connection)) {
        throw new SwitchboardError(
          "wrong_state",
          `${message} must be a connection's first message: open another connection`,
        );
      }
    };

    return {
      on: {
        async wait_start(connection, { user, lobby_id, prompt_id, resume, late }) {
          demandNew(connection, "wait_start");
          demandLobby(connection.principal, lobby_id);
          const host =
            context.authEnabled &&
            connection.principal !== undefined &&
            hasRole(connection.principal, ["lobby.host"]);
          const player = await players.seat(connection, {
            lobby: lobby_id,
            prompt: prompt_id,
            user,
            resume,
            host,
          });
          const changed = roster.apply({ key: player.lease.key, holder: player.lease });
          updates.join(player.room, connection);
          if (changed === undefined || !updates.changed(changed)) {
            // It waits for its first list, which may be long in coming where the room is large.
            context.send(connection, "update", listing(roster.members(player.room), rule));
          }
          const started = starts.get(player.room);
          if (
            late === true &&
            started !== undefined &&
            isRecent(started, clock.now(), config.lateMs)
          ) {
            context.send(connection, "start", { ...started, late: true });
          }
        },
        start(connection, message) {
          const player = players.of(connection);
          if (player === undefined)
            throw new SwitchboardError(
              "wrong_state",
              "only who waits can start: send wait_start first",
            );
          if (!mayStart(roster.members(player.room), player.lease.key, rule)) {
            throw new SwitchboardError(
              "forbidden",
              "only the host can start: the first of `users`",
            );
          }
          const signal: StartSignal = {
            room: player.room,
            at: clock.now(),
            ...(message.in === undefined ? {} : { in: message.in }),
          };
          bus.publish("lobby.start", JSON.stringify(signal));
        },
        leaderboard(connection, { lobby_id, prompt_id }) {
          demandNew(connection, "leaderboard");
          demandLobby(connection.principal, lobby_id);
          viewers.set(connection, null);
          leaderboard(lobby_id, prompt_id).join(connection);
        },
        leaderboard_update(connection, { lobby_id, prompt_id }) {
          demandNew(connection, "leaderboard_update");
          if (lobby_id !== null) demandLobby(connection.principal, lobby_id);
          if (lobby_id !== null && prompt_id !== null)
            leaderboard(lobby_id, prompt_id).publish("refresh", {});
          context.close(connection, "done", "");
        },
        lobby_prompts(connection, { lobby_id }) {
          demandNew(connection, "lobby_prompts");
          demandLobby(connection.principal, lobby_id);
          viewers.set(connection, lobby_id);
          prompts(lobby_id).join(connection);
        },
        lobby_prompts_update(connection) {
          const lobbyId = viewers.get(connection);
          if (typeof lobbyId !== "string")
            throw new SwitchboardError(
              "wrong_state",
              "no lobby's prompts are viewed here: send lobby_prompts first",
            );
          prompts(lobbyId).publish("refresh", {});
        },
      },
      closed(connection) {
        viewers.delete(connection);
        players.drop(connection);
      },
      routes: {
        leaderboardUpdate({ params, principal }) {
          demandLobby(principal, params.lobby);
          leaderboard(params.lobby, params.prompt).publish("refresh", {});
          return dataAnswer(null);
        },
        promptUpdate({ params, principal }) {
          demandLobby(principal, params.lobby);
          prompts(params.lobby).publish("refresh", {});
          return dataAnswer(null);
        },
        lobbies({ principal }) {
          const rooms = [...roster.rooms()].filter((room) =>
            mayTouch(principal, "lobbies", room.lobby),
          );
          return dataAnswer(
            rooms.map((room) => ({
              lobby_id: room.lobby,
              prompt_id: room.prompt,
              ...listing(room.members, rule),
              started_at: starts.get(roomOf(room.lobby, room.prompt))?.at ?? null,
            })),
          );
        },
      },
      async stop() {
        watch.stop();
        startSignals.stop();
      },
    };
  },
});
