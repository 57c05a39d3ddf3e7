/** Who waits, in the order of joining. */
import type { CSSProperties } from "react";
import { Age } from "../../parts/age.tsx";
import { StatusBadge } from "../../parts/status-badge.tsx";
import type { Waiting } from "./room.ts";

/** More are counted, not listed. */
const maxListed = 100;

interface PlayerListProps {
  readonly label: string;
  readonly players: readonly Waiting[];
  /** The name of the player that was sent from this page. */
  readonly you?: string | undefined;
  /** Room for so many, at the least. */
  readonly rows?: number;
}

/** Rows stay where they are when somebody leaves; who stands in them changes. So nothing jumps. */
export function PlayerList({ label, players, you, rows = 0 }: PlayerListProps) {
  const kept = Math.max(0, Math.min(rows, maxListed) - players.length);
  return (
    <>
      <p className="lobby-players-head" aria-hidden="true">
        <span>Player</span>
        <span>Joined</span>
      </p>
      <ol className="lobby-players" aria-label={label}>
        {players.slice(0, maxListed).map(({ place, name, sinceMs, isHost }) => (
          <li key={place}>
            <span className="lobby-place" aria-hidden="true">
              {place}
            </span>
            <span className="lobby-name">
              <span title={name}>{name}</span>
              {name === you && <StatusBadge tone="ok">You</StatusBadge>}
              {isHost && <StatusBadge tone="idle">Host</StatusBadge>}
            </span>
            {sinceMs !== undefined && (
              <span className="lobby-since">
                <span className="visually-hidden">joined </span>
                <Age serverMs={sinceMs} />
              </span>
            )}
          </li>
        ))}
      </ol>
      {kept > 0 && <div className="lobby-kept" style={{ "--rows": kept } as CSSProperties} />}
      {players.length > maxListed && (
        <p className="quiet">and {(players.length - maxListed).toLocaleString("en")} more</p>
      )}
    </>
  );
}
