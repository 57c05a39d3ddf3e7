/** What viewers of a leaderboard and of a lobby's prompts have in common. */
import { connect } from "../connect.ts";
import type { Connection } from "../connection.ts";
import { Emitter } from "../emitter.ts";
import type { ConnectOptions } from "../options.ts";
import type { ServerError } from "../server-error.ts";
import { serviceUrl } from "../service-url.ts";
import { readLobbyMessage } from "./lobby-messages.ts";

/** Fetch again. */
export interface Refresh {
  /**
   * False: the server said so. True: the connection has just been opened, for the first time or again, and nobody knows whether something
   * changed while it was not there.
   */
  readonly missed: boolean;
}

/** What a viewer hears. */
export interface RefreshViewEvents {
  refresh: Refresh;
  /** The server did not do what a message asked for. Switchboard only. */
  error: ServerError;
}

/** Views something from its construction to its `close`, over as many connections as that takes. */
export class RefreshView {
  /** States, outcomes. */
  readonly connection: Connection;
  readonly #events = new Emitter<RefreshViewEvents>();
  #ignored = 0;

  /** `first`: what says what is viewed, on every new socket. `heard`: called at the server's `refresh`, before listeners are. */
  protected constructor(
    url: string | URL,
    first: object,
    options: ConnectOptions,
    heard: () => void = () => {},
  ) {
    this.connection = connect(serviceUrl(url, "/lobby", { errors: "1" }), {
      ...options,
      identify: ({ send }) => send(JSON.stringify(first)),
    });
    this.connection.on("state", ({ status }) => {
      if (status === "open") this.#events.emit("refresh", { missed: true });
    });
    this.connection.on("message", (text) => {
      const message = readLobbyMessage(text);
      if (message === undefined) this.#ignored++;
      else if (message.type === "error") this.#events.emit("error", message.error);
      else if (message.type === "refresh") {
        heard();
        this.#events.emit("refresh", { missed: false });
      }
    });
  }

  /** Messages that broke the protocol, and were ignored. */
  get ignored(): number {
    return this.#ignored;
  }

  /**
   * Calls `listener` at every such event until the returned function is called. `refresh` comes at every signal of the server's (several that
   * come faster than this client reads may be one), and at every opening of the connection: a page that fetches in this listener and nowhere else is
   * up to date, but for what is signalled while the server has not yet read what is viewed, about half a round trip after the opening: the next signal mends that.
   */
  on<Name extends keyof RefreshViewEvents>(
    name: Name,
    listener: (value: RefreshViewEvents[Name]) => void,
  ): () => void {
    return this.#events.on(name, listener);
  }

  /** Stops viewing. See `Connection.close`. */
  close(options?: { readonly flushMs?: number }): Promise<void> {
    return this.connection.close(options);
  }
}
