/** A player who waits in a lobby for a prompt to start. */
import { platform } from "#platform";
import type { Handshake } from "../attempt.ts";
import { connect } from "../connect.ts";
import type { Connection } from "../connection.ts";
import { Emitter } from "../emitter.ts";
import type { ConnectOptions } from "../options.ts";
import type { Sending } from "../outcome.ts";
import type { ServerError } from "../server-error.ts";
import { serviceUrl } from "../service-url.ts";
import {
  type LobbyId,
  type LobbyMessage,
  type LobbyPlayers,
  type LobbyStart,
  readLobbyMessage,
} from "./lobby-messages.ts";
import { type Listed, ownListing } from "./own-name.ts";

/** Who waits where, and all that a connection may be told. */
export interface LobbyPlayerOptions extends Omit<ConnectOptions, "identify" | "transport"> {
  /** The name to be listed under. One that is taken is listed as `also NAME`: see `name`. */
  readonly user: string;
  readonly lobbyId: LobbyId;
  readonly promptId: LobbyId;
  /**
   * Be told at the join of a start of the last minute (Switchboard only). Default false: of starts since the join only, of those missed while the
   * connection was lost too.
   */
  readonly late?: boolean;
}

/** What a player hears. */
export interface LobbyPlayerEvents {
  /** Who waits now: after every join and leave, and after every (re)connect. */
  players: LobbyPlayers;
  /** It starts. Each start once. */
  start: LobbyStart;
  /** The server did not do what a message asked for, for example `forbidden`: only the host may start. Switchboard only. */
  error: ServerError;
}

/** How to start. */
export interface StartOptions {
  /** A countdown for all, up to an hour (Switchboard only; an original server starts at once). Default: none. */
  readonly inMs?: number;
  /** If it cannot be sent within this time it is not sent at all: nobody wants to be started by surprise. Default 10 s. */
  readonly expiresInMs?: number;
}

/**
 * Waits in a lobby from its construction to its `close`, over as many connections as that takes; it is in the list when the connection is
 * `open`. On Switchboard a player who comes back within the grace time (5 s unless configured) keeps place and name, and the others see neither leave
 * nor join; and a start that was given meanwhile is heard on return (`late`), within a minute. An original server knows neither: there a return is
 * a new join, at the end of the list, and a start during the gap is not heard.
 *
 * ```ts
 * const player = new LobbyPlayer("ws://127.0.0.1:7400", { user: "dan", lobbyId: 10, promptId: 5 });
 * player.on("players", ({ users }) => show(users));
 * player.on("start", ({ startsAtMs }) => countDownTo(startsAtMs));
 * player.start({ inMs: 3000 });
 * ```
 */
export class LobbyPlayer {
  /** States, outcomes; `whenOpen()` resolves when the player is in the list. A 4409 ends it: the same player is here on another connection. */
  readonly connection: Connection;
  readonly #options: LobbyPlayerOptions;
  readonly #events = new Emitter<LobbyPlayerEvents>();
  /** By this the server knows the player again. */
  readonly #resume = platform.newId();
  /** Own starts that have no outcome yet, in order. */
  readonly #starts = new Set<string>();
  #players: LobbyPlayers = { users: [] };
  #listed: Listed | undefined;
  /** Of the first join, by the server's clock. */
  #joinedAtMs: number | undefined;
  /** The server's clock less ours (which never goes back), as of the last time it said what time it is. */
  #clockLeadMs: number | undefined;
  #lastStart: LobbyStart | undefined;
  /** Set from `wait_start` to the first list after it. */
  #joined: (() => void) | undefined;
  #ignored = 0;

  constructor(url: string | URL, options: LobbyPlayerOptions) {
    const {
      user: _user,
      lobbyId: _lobbyId,
      promptId: _promptId,
      late: _late,
      ...connectOptions
    } = options;
    this.#options = options;
    this.connection = connect(serviceUrl(url, "/lobby", { errors: "1" }), {
      ...connectOptions,
      identify: (handshake) => this.#join(handshake),
    });
    this.connection.on("message", (text) => this.#read(text));
  }

  /** Who waits, as last heard; nobody before the first join. While the connection is lost it is what was. */
  get players(): LobbyPlayers {
    return this.#players;
  }

  /**
   * The name under which the server lists this player: `user`, or `also … user` where that was taken. Undefined before the first join. The protocol
   * does not say it: it is the last such name in the first list after a join, which is wrong only where two of one name join in the same moment.
   */
  get name(): string | undefined {
    return this.#listed?.name;
  }

  /** The last start heard. */
  get lastStart(): LobbyStart | undefined {
    return this.#lastStart;
  }

  /** Messages that broke the protocol, and were ignored. */
  get ignored(): number {
    return this.#ignored;
  }

  /** Calls `listener` at every such event until the returned function is called. */
  on<Name extends keyof LobbyPlayerEvents>(
    name: Name,
    listener: (value: LobbyPlayerEvents[Name]) => void,
  ): () => void {
    return this.#events.on(name, listener);
  }

  /**
   * Starts the prompt for all who wait, this player included: everybody hears `start`. Sent at most once. Outcome `acked`: a start came back, this one or
   * one that another player gave in the same moment. `sent`: the server has read it and no start had come by then; an `error` says why, if it was refused.
   * With auth on a token without the role `lobby.host` does not only fail to start: the server ends the connection with 4403, for good.
   * Throws `outbox_full` or `connection_closed`.
   */
  start({ inMs, expiresInMs = 10_000 }: StartOptions = {}): Sending {
    const { lobbyId, promptId } = this.#options;
    const message = {
      type: "start",
      lobby_id: lobbyId,
      prompt_id: promptId,
      ...(inMs === undefined ? {} : { in: inMs }),
    };
    const sending = this.connection.send(JSON.stringify(message), { expiresInMs });
    this.#starts.add(sending.id);
    void sending.outcome.then(() => this.#starts.delete(sending.id));
    return sending;
  }

  /** Leaves. The others see it at once from an original server, after the grace time from Switchboard. See `Connection.close`. */
  close(options?: { readonly flushMs?: number }): Promise<void> {
    return this.connection.close(options);
  }

  #join({ send }: Handshake): Promise<void> {
    const { user, lobbyId, promptId, late = false } = this.#options;
    // Who comes back wants to hear what it missed.
    const asks = late || this.#listed !== undefined;
    send(
      JSON.stringify({
        type: "wait_start",
        user,
        lobby_id: lobbyId,
        prompt_id: promptId,
        resume: this.#resume,
        ...(asks ? { late: true } : {}),
      }),
    );
    return new Promise((resolve) => {
      this.#joined = resolve;
    });
  }

  #read(text: string): void {
    const message = readLobbyMessage(text);
    if (message === undefined) this.#ignored++;
    else if (message.type === "update") this.#updated(message.players);
    else if (message.type === "start") this.#started(message);
    else if (message.type === "error") this.#events.emit("error", message.error);
  }

  #updated(players: LobbyPlayers): void {
    this.#players = players;
    if (this.#joined !== undefined) {
      const before = this.#listed;
      this.#listed = ownListing(this.#options.user, players, before);
      const sinceMs = this.#listed?.sinceMs;
      if (sinceMs !== undefined && this.#listed !== before) {
        this.#joinedAtMs ??= sinceMs;
        this.#clockLeadMs = sinceMs - platform.monotonic();
      }
      this.#joined();
      this.#joined = undefined;
    }
    this.#events.emit("players", players);
  }

  #started({ atMs, inMs, late }: LobbyMessage & { type: "start" }): void {
    const nowMs = platform.monotonic();
    if (late && atMs !== undefined) {
      const heardAtMs = this.#lastStart?.atMs;
      if (heardAtMs !== undefined && atMs <= heardAtMs) return;
      if (this.#options.late !== true && this.#joinedAtMs !== undefined && atMs < this.#joinedAtMs)
        return;
    }
    if (!late) {
      if (atMs !== undefined) this.#clockLeadMs = atMs - nowMs;
      for (const id of this.#starts) if (this.connection.acknowledge(id)) break;
    }
    // Of a late one the part that is left.
    const leftMs = late && atMs !== undefined ? this.#leftMs(atMs + inMs, nowMs, inMs) : inMs;
    this.#lastStart = {
      inMs: Math.max(0, leftMs),
      startsAtMs: nowMs + leftMs,
      late,
      ...(atMs === undefined ? {} : { atMs }),
    };
    this.#events.emit("start", this.#lastStart);
  }

  /** The time to a moment of the server's clock, not more than `mostMs`: a machine that slept may have stopped its own. */
  #leftMs(serverMs: number, nowMs: number, mostMs: number): number {
    return this.#clockLeadMs === undefined
      ? 0
      : Math.min(serverMs - this.#clockLeadMs - nowMs, mostMs);
  }
}
