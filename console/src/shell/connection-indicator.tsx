/** Whether what the page shows is live. */
import { StatusBadge, type Tone } from "../parts/status-badge.tsx";
import { useExternal } from "../parts/use-external.ts";
import { type BoardState, useConnectionBoard } from "./connection-board.tsx";

const looks: Readonly<
  Record<BoardState, { readonly tone: Tone; readonly word: string; readonly meaning: string }>
> = {
  none: { tone: "idle", word: "Not live", meaning: "This page has no live connection" },
  open: { tone: "ok", word: "Live", meaning: "Connected: what you see is live" },
  connecting: { tone: "busy", word: "Connecting", meaning: "Connecting to the server" },
  waiting: {
    tone: "warn",
    word: "Reconnecting",
    meaning: "The connection was lost; it comes back by itself",
  },
  over: {
    tone: "bad",
    word: "Disconnected",
    meaning: "The server has ended the connection; reload the page to try again",
  },
};

export function ConnectionIndicator() {
  const board = useConnectionBoard();
  const { tone, word, meaning } = looks[useExternal(board.subscribe, board.state)];
  return (
    <div className="indicator" role="status" title={meaning}>
      <StatusBadge tone={tone}>
        <span className="visually-hidden">Connection: </span>
        {word}
      </StatusBadge>
    </div>
  );
}
