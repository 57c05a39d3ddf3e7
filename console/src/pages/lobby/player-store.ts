/** A player who was sent to wait from this page: the SDK's client, and what it has heard. */
import type { Connection, ConnectionState } from "switchboard/client";
import type { LobbyPlayer, LobbyPlayers, LobbyStart, ServerError } from "switchboard/client/lobby";

/** What is seen of it. */
export interface PlayerView {
  readonly state: ConnectionState;
  /** As last heard; while the connection is lost it is what was. */
  readonly players: LobbyPlayers;
  /** When `players` was heard; undefined before the join. */
  readonly heardAtMs: number | undefined;
  /** The name it is listed under. */
  readonly name: string | undefined;
  /** The last start. */
  readonly start: LobbyStart | undefined;
  /** Starts heard so far. */
  readonly starts: number;
  /** What the server refused, until the next start. */
  readonly refused: ServerError | undefined;
}

/** Closes the player when it is closed. */
export class PlayerStore {
  readonly player: LobbyPlayer;
  #view: PlayerView;
  readonly #listeners = new Set<() => void>();

  constructor(player: LobbyPlayer) {
    this.player = player;
    const { connection, players, name } = player;
    this.#view = {
      state: connection.state,
      players,
      heardAtMs: undefined,
      name,
      start: undefined,
      starts: 0,
      refused: undefined,
    };
    connection.on("state", (state) => this.#set({ state }));
    player.on("players", (heard) =>
      this.#set({ players: heard, heardAtMs: Date.now(), name: player.name }),
    );
    player.on("start", (start) =>
      this.#set({ start, starts: this.#view.starts + 1, refused: undefined }),
    );
    player.on("error", (refused) => this.#set({ refused }));
  }

  get connection(): Connection {
    return this.player.connection;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly snapshot = (): PlayerView => this.#view;

  close(): Promise<void> {
    return this.player.close();
  }

  #set(changed: Partial<PlayerView>): void {
    this.#view = { ...this.#view, ...changed };
    for (const listener of [...this.#listeners]) listener();
  }
}
