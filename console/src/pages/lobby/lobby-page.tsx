/** The lobby: who waits where, a player of one's own, and the signals. */
import { useState } from "react";
import { Page } from "../../parts/page.tsx";
import { usePolled } from "../../parts/use-polled.ts";
import { PlayerPanel, type Seat } from "./player-panel.tsx";
import { type Place, placeOf, type Room } from "./room.ts";
import { RoomList } from "./room-list.tsx";
import { SignalsPanel } from "./signals-panel.tsx";
import "./lobby.css";

/** Between two looks at who waits. */
const everyMs = 2000;

/** Where the demo plays, too. */
const somewhere: Place = { lobby: "10", prompt: "1" };

export function LobbyPage() {
  const polled = usePolled<readonly Room[]>("/lobbies", everyMs);
  const [seat, setSeat] = useState<Seat>();
  const [wish, setWish] = useState<Seat>({ user: "guest", ...somewhere });
  const [chosen, setChosen] = useState<Place>();
  const [first, setFirst] = useState<Place>();
  const [room] = polled.data ?? [];
  // Of the first room that is seen; later ones do not take its place by themselves.
  if (first === undefined && polled.data !== undefined)
    setFirst(room === undefined ? somewhere : placeOf(room));
  const watched = chosen ?? first;

  const join = (next: Seat) => {
    setWish(next);
    setSeat(next);
    setChosen({ lobby: next.lobby, prompt: next.prompt });
  };
  return (
    <Page
      title="Lobby"
      about="Players wait in a lobby for a prompt until one of them starts it for all at once. Pages with leaderboards and prompts are told when to refresh."
    >
      <div className="columns">
        <RoomList
          polled={polled}
          own={seat}
          watched={watched}
          join={(place) =>
            join({ user: wish.user.trim() === "" ? "guest" : wish.user.trim(), ...place })
          }
          watch={setChosen}
        />
        <PlayerPanel
          seat={seat}
          wish={wish}
          change={setWish}
          join={join}
          leave={() => setSeat(undefined)}
        />
      </div>
      {watched === undefined ? (
        <div className="lobby-signals-place" />
      ) : (
        <SignalsPanel watched={watched} watch={setChosen} />
      )}
    </Page>
  );
}
