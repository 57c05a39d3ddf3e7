/** Keeps what is known of the server true over its restarts. */
import { useEffect } from "react";
import { useSession } from "../session/session.tsx";
import { useConnectionBoard } from "./connection-board.tsx";

/** Asks the server who it is whenever the page's connections, of which one was lost, are all open again. */
export function useFreshSession(): void {
  const board = useConnectionBoard();
  const { refresh } = useSession();
  useEffect(() => {
    let wasLost = false;
    return board.subscribe(() => {
      const state = board.state();
      if (state === "waiting") wasLost = true;
      if (state !== "open" || !wasLost) return;
      wasLost = false;
      refresh();
    });
  }, [board, refresh]);
}
