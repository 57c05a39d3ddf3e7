/** The states of all SDK clients that live on the page, taken together. */
import { createContext, type ReactNode, useContext, useState } from "react";
import type { Connection } from "switchboard/client";

/** The worst of them: `over` is closed for good though nobody here closed it; `none`: the page has no client. */
export type BoardState = "none" | "open" | "connecting" | "waiting" | "over";

const worstFirst = ["over", "waiting", "connecting", "open"] as const;

/** Bounded by the connections there are. */
export class ConnectionBoard {
  readonly #connections = new Set<Connection>();
  readonly #listeners = new Set<() => void>();

  /** Counts the connection in until the returned function is called. */
  add(connection: Connection): () => void {
    this.#connections.add(connection);
    const unsubscribe = connection.on("state", () => this.#tell());
    this.#tell();
    return () => {
      unsubscribe();
      this.#connections.delete(connection);
      this.#tell();
    };
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly state = (): BoardState => {
    const states = new Set(
      [...this.#connections].map(({ state }) =>
        state.status === "closed" ? "over" : state.status,
      ),
    );
    return worstFirst.find((state) => states.has(state)) ?? "none";
  };

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

const BoardContext = createContext<ConnectionBoard | undefined>(undefined);

export function ConnectionBoardProvider({ children }: { readonly children: ReactNode }) {
  const [board] = useState(() => new ConnectionBoard());
  return <BoardContext.Provider value={board}>{children}</BoardContext.Provider>;
}

/** The page's board. */
export function useConnectionBoard(): ConnectionBoard {
  const board = useContext(BoardContext);
  if (board === undefined)
    throw new Error("useConnectionBoard is for parts below ConnectionBoardProvider");
  return board;
}
