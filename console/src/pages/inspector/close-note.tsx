/** How a connection ended, what that means, and whether to come back. */
import { StatusBadge } from "../../parts/status-badge.tsx";
import { meaningOfClose } from "../../session/close-meaning.ts";
import type { Contracts } from "../../session/use-contracts.ts";

interface CloseNoteProps {
  readonly code: number;
  readonly reason: string;
  /** Who ended it: "The server", "The client". */
  readonly by: string;
  readonly contracts: Contracts | undefined;
}

export function CloseNote({ code, reason, by, contracts }: CloseNoteProps) {
  const { meaning, advice } = meaningOfClose(code, contracts?.closes ?? []);
  return (
    <p className="close-note" role="status">
      <StatusBadge tone={code < 1002 ? "idle" : "warn"}>Closed with {code}</StatusBadge>
      <span>
        {by} ended it: {meaning}.{reason === "" ? "" : ` The reason given: “${reason}”.`} What its
        client should do: {advice}.
      </span>
    </p>
  );
}
