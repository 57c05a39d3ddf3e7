/** The overview of all nodes, kept up to date over one connection. */
import { type Connection, type ConnectOptions, connect } from "switchboard/client";
import { parseOverview } from "./figures.ts";
import { type OverviewState, withOnly, withoutNode, withReport } from "./overview-state.ts";

/** What a node said last stays when the connection is lost: its age tells. */
export class OverviewStore {
  readonly connection: Connection;
  #state: OverviewState = [];
  #isNewSocket = true;
  readonly #listeners = new Set<() => void>();

  constructor(baseUrl: string, options: ConnectOptions) {
    this.connection = connect(`${baseUrl}/admin`, {
      ...options,
      identify: ({ send }) => {
        this.#isNewSocket = true;
        send(JSON.stringify({ type: "overview" }));
      },
    });
    this.connection.on("message", (text) => this.#read(text));
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly snapshot = (): OverviewState => this.#state;

  close(): void {
    void this.connection.close();
  }

  #read(text: string): void {
    const news = parseOverview(text);
    if (news === undefined) return;
    if ("gone" in news) {
      this.#state = withoutNode(this.#state, news.gone);
    } else {
      const known = this.#isNewSocket ? withOnly(this.#state, news.node) : this.#state;
      this.#isNewSocket = false;
      this.#state = withReport(known, news, Date.now());
    }
    for (const listener of [...this.#listeners]) listener();
  }
}
