/** Who waits, in the order of joining. */
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
}

/** Rows stay where they are when somebody leaves; who stands in them changes. So nothing jumps. */
export function PlayerList({ label, players, you }: PlayerListProps) {
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
                <Age atMs={sinceMs} />
              </span>
            )}
          </li>
        ))}
      </ol>
      {players.length > maxListed && <p className="quiet">and {(players.length - maxListed).toLocaleString("en")} more</p>}
    </>
  );
}
