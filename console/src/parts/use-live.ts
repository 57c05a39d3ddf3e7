/** An SDK client for the life of a component. */
import { type DependencyList, useEffect, useState } from "react";
import type { Connection } from "switchboard/client";
import { useSession } from "../session/session.tsx";
import { useConnectionBoard } from "../shell/connection-board.tsx";

/** A connection, or whatever has one: a client of `switchboard/client/NAME`, or a page's own store around it. */
export type LiveClient = Connection | { readonly connection: Connection; close(): unknown };

/** Close code of a token that is not, or no longer, accepted. */
const unauthenticated = 4401;

/**
 * Makes a client when the component appears and whenever one of `deps` changes, and closes it when the component goes or before the next one is
 * made; undefined until then. Its state shows in the header; a refused token leads back to the login.
 *
 * What the client says may come before the component has it: listen in the factory, best in a store that is the client's own, whose `subscribe`
 * and `snapshot` `useExternal` takes.
 *
 * ```ts
 * const lobby = useLive(() => new LobbyStore(new LobbyPlayer(baseUrl, { ...clientOptions, user })), [baseUrl, clientOptions, user]);
 * ```
 */
export function useLive<T extends LiveClient>(
  factory: () => T,
  deps: DependencyList,
): T | undefined {
  const board = useConnectionBoard();
  const { logOut } = useSession();
  const [client, setClient] = useState<T>();

  useEffect(
    () => {
      const made = factory();
      const live: LiveClient = made;
      const connection = "connection" in live ? live.connection : live;
      const unsubscribe = connection.on("state", (state) => {
        if (state.status !== "closed" || state.ending.loss?.code !== unauthenticated) return;
        logOut("You have been logged out: the server no longer accepts your token.");
      });
      const leave = board.add(connection);
      setClient(() => made);
      return () => {
        leave();
        unsubscribe();
        void made.close();
        setClient(undefined);
      };
    },
    // biome-ignore lint/correctness/useExhaustiveDependencies: the caller says what the client is made of; the rest stays for the page
    deps,
  );
  return client;
}
