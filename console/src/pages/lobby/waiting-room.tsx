/** What one's own player sees while it waits. */
import { useState } from "react";
import type { ConnectionState } from "switchboard/client";
import { LobbyPlayer } from "switchboard/client/lobby";
import { Age } from "../../parts/age.tsx";
import { Button } from "../../parts/button.tsx";
import { ErrorState } from "../../parts/error-state.tsx";
import { messageOf } from "../../parts/message-of.ts";
import { StatusBadge } from "../../parts/status-badge.tsx";
import { useToast } from "../../parts/toast.tsx";
import { useExternal } from "../../parts/use-external.ts";
import { useLive } from "../../parts/use-live.ts";
import { useSession } from "../../session/session.tsx";
import { Countdown } from "./countdown.tsx";
import { PlayerList } from "./player-list.tsx";
import type { Seat } from "./player-panel.tsx";
import { PlayerStore, type PlayerView } from "./player-store.ts";
import { waitingIn } from "./room.ts";

/** What a start may be given with. */
const countdowns = [
  { inMs: 0, name: "Start now" },
  { inMs: 3000, name: "Start in 3 s" },
  { inMs: 10_000, name: "Start in 10 s" },
] as const;

interface WaitingRoomProps {
  readonly seat: Seat;
  leave(): void;
}

/** Give it a `key` for each seat: it waits from its first to its last moment. */
export function WaitingRoom({ seat, leave }: WaitingRoomProps) {
  const { baseUrl, clientOptions } = useSession();
  const { user, lobby, prompt } = seat;
  const store = useLive(
    () =>
      new PlayerStore(
        new LobbyPlayer(baseUrl, { ...clientOptions, user, lobbyId: lobby, promptId: prompt }),
      ),
    [baseUrl, clientOptions, user, lobby, prompt],
  );
  return store === undefined ? null : <Room store={store} seat={seat} leave={leave} />;
}

function Room({ store, seat, leave }: WaitingRoomProps & { readonly store: PlayerStore }) {
  const view = useExternal(store.subscribe, store.snapshot);
  const say = useToast();
  const [sending, setSending] = useState(false);
  const { state, players, heardAtMs, name, start: started, starts, refused } = view;

  const start = async (inMs: number) => {
    setSending(true);
    try {
      const outcome = await store.player.start(inMs === 0 ? {} : { inMs }).outcome;
      if (outcome === "expired" || outcome === "evicted")
        say("The start was not sent: the connection was lost. Nothing has started.", "bad");
      if (outcome === "unknown")
        say("The connection was lost just then: it may have started or not.", "bad");
    } catch (error) {
      say(messageOf(error), "bad");
    }
    setSending(false);
  };

  if (state.status === "closed") {
    return (
      <ErrorState
        title="The server has ended this player's connection"
        error={new Error(endingText(state))}
        onRetry={leave}
      />
    );
  }
  return (
    <div className="stack">
      <div className="lobby-room-head">
        <h3>
          Lobby {seat.lobby} <span className="quiet">prompt</span> {seat.prompt}
        </h3>
        <span className="row lobby-small lobby-standing">
          <Standing view={view} />
          {heardAtMs !== undefined && <Age atMs={heardAtMs} />}
        </span>
      </div>
      <div className="lobby-room-players">
        <PlayerList label="Players who wait with you" players={waitingIn(players)} you={name} />
      </div>
      <Countdown key={starts} start={started} />
      <p className="lobby-refused" role="alert">
        {refused !== undefined && `The server did not do it: ${refused.message}.`}
      </p>
      <div className="row">
        {countdowns.map(({ inMs, name: title }) => (
          <Button
            key={inMs}
            look={inMs === 3000 ? "primary" : "plain"}
            busy={sending}
            onClick={() => void start(inMs)}
          >
            {title}
          </Button>
        ))}
        <Button look="bare" onClick={leave}>
          Leave
        </Button>
      </div>
      <p className="quiet lobby-small">
        {name !== undefined &&
          name !== seat.user &&
          `The name ${seat.user} was taken: you are listed as “${name}”. `}
        Whoever leaves stays listed for a few seconds, in case it was only the connection.
      </p>
    </div>
  );
}

/** Whether the list is live. */
function Standing({ view: { state, heardAtMs } }: { readonly view: PlayerView }) {
  if (state.status === "open") return <StatusBadge tone="ok">Live</StatusBadge>;
  if (heardAtMs === undefined) return <StatusBadge tone="busy">Joining</StatusBadge>;
  return <StatusBadge tone="warn">Reconnecting</StatusBadge>;
}

function endingText(state: Extract<ConnectionState, { readonly status: "closed" }>): string {
  const { loss, error } = state.ending;
  if (loss?.code === 4403)
    return `This token may not do that (${loss.reason}). Starting needs the role lobby.host; ask for a token with it.`;
  if (loss?.code === 4409)
    return "The same player has come back on another connection. Join again under another name.";
  return error?.message ?? `It said ${loss?.code ?? "nothing"} ${loss?.reason ?? ""}. Join again.`;
}
