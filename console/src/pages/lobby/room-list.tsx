/** Who waits where, on all nodes. */
import { useState } from "react";
import { Age } from "../../parts/age.tsx";
import { Button } from "../../parts/button.tsx";
import { CommandLine } from "../../parts/command-line.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { ErrorState } from "../../parts/error-state.tsx";
import { Field } from "../../parts/field.tsx";
import { Freshness } from "../../parts/freshness.tsx";
import { Panel } from "../../parts/panel.tsx";
import { ShowMore } from "../../parts/show-more.tsx";
import type { Polled } from "../../parts/use-polled.ts";
import { PlayerList } from "./player-list.tsx";
import type { RecentRoom } from "./recent-rooms.ts";
import {
  isSamePlace,
  type Place,
  placeKey,
  placeOf,
  type Room,
  roomsShown,
  waitingIn,
} from "./room.ts";
import { useRecentRooms } from "./use-recent-rooms.ts";

/** More are shown when asked for. */
const roomsAtOnce = 50;

interface RoomListProps {
  readonly polled: Polled<readonly Room[]>;
  /** Where this page's own player waits. */
  readonly own: Place | undefined;
  /** Whose signals are seen. */
  readonly watched: Place | undefined;
  join(place: Place): void;
  watch(place: Place): void;
}

export function RoomList({ polled, own, watched, join, watch }: RoomListProps) {
  const { error, refresh } = polled;
  const rooms = useRecentRooms(polled);
  const [search, setSearch] = useState("");
  const [limit, setLimit] = useState(roomsAtOnce);
  const shown = roomsShown(rooms ?? [], search);
  return (
    <Panel title="Who waits where" aside={<Freshness of={polled} />}>
      <div className="stack">
        <Field
          label="Find"
          hint="A lobby, a prompt, or a part of a player's name"
          type="search"
          value={search}
          onChange={setSearch}
          autoComplete="off"
        />
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by key */}
        <section className="lobby-rooms" aria-label="Lobbies" tabIndex={0}>
          {rooms === undefined ? (
            error !== undefined && (
              <ErrorState
                title="The list of lobbies did not load"
                error={error}
                onRetry={refresh}
              />
            )
          ) : shown.length > 0 ? (
            <ul className="lobby-room-list">
              {shown.slice(0, limit).map((room) => (
                <li key={placeKey(placeOf(room))}>
                  <RoomCard
                    room={room}
                    atMs={polled.atMs}
                    isOwn={isSamePlace(own, placeOf(room))}
                    isWatched={isSamePlace(watched, placeOf(room))}
                    join={join}
                    watch={watch}
                  />
                </li>
              ))}
            </ul>
          ) : search.trim() !== "" ? (
            <EmptyState title={`Nobody waits at “${search.trim()}”`}>
              Nothing that waits now has that id or name.
            </EmptyState>
          ) : (
            <EmptyState title="Nobody waits" action={<CommandLine text="npm run demo" />}>
              Join as a player on this page, or start the demo, whose players wait in lobby 10,
              round after round.
            </EmptyState>
          )}
          <ShowMore
            count={shown.length}
            shown={limit}
            step={roomsAtOnce}
            what="rooms"
            onMore={setLimit}
          />
        </section>
      </div>
    </Panel>
  );
}

interface RoomCardProps {
  readonly room: RecentRoom;
  readonly atMs: number | undefined;
  readonly isOwn: boolean;
  readonly isWatched: boolean;
  join(place: Place): void;
  watch(place: Place): void;
}

function RoomCard({ room, atMs, isOwn, isWatched, join, watch }: RoomCardProps) {
  const place = placeOf(room);
  const name = `lobby ${place.lobby}, prompt ${place.prompt}`;
  const { users, started_at: startedAtMs } = room;
  return (
    <article className="lobby-room" aria-label={`Lobby ${place.lobby}, prompt ${place.prompt}`}>
      <header className="lobby-room-head">
        <h3>
          Lobby {place.lobby} <span className="quiet">prompt</span> {place.prompt}
        </h3>
        <span className="quiet lobby-small">
          {users.length === 0 ? "Nobody any more" : `${users.length} waiting`}{" "}
          {atMs !== undefined && <Age atMs={atMs} />}
        </span>
      </header>
      <PlayerList label={`Players of ${name}`} players={waitingIn(room)} rows={room.rows} />
      <footer className="lobby-room-foot">
        <span className="quiet lobby-small">
          {startedAtMs === null ? (
            "Not started yet"
          ) : (
            <>
              Started <Age serverMs={startedAtMs} />
            </>
          )}
        </span>
        <span className="row">
          <Button
            label={isOwn ? `You wait here: ${name}` : `Join ${name}`}
            disabled={isOwn}
            onClick={() => join(place)}
          >
            {isOwn ? "You wait here" : "Join"}
          </Button>
          <Button
            label={`Watch signals of ${name}`}
            pressed={isWatched}
            onClick={() => watch(place)}
          >
            Watch signals
          </Button>
        </span>
      </footer>
    </article>
  );
}
