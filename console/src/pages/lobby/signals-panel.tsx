/** Leaderboard and prompt signals, as pages that show them hear them. */
import { type FormEvent, useEffect, useState } from "react";
import { Leaderboard, LobbyPrompts, signalLeaderboard } from "switchboard/client/lobby";
import { Age } from "../../parts/age.tsx";
import { Button } from "../../parts/button.tsx";
import { type Column, DataTable } from "../../parts/data-table.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { Field } from "../../parts/field.tsx";
import { Figure } from "../../parts/figure.tsx";
import { messageOf } from "../../parts/message-of.ts";
import { Panel } from "../../parts/panel.tsx";
import { StatusBadge } from "../../parts/status-badge.tsx";
import { useToast } from "../../parts/toast.tsx";
import { useExternal } from "../../parts/use-external.ts";
import { useLive } from "../../parts/use-live.ts";
import { useSession } from "../../session/session.tsx";
import { idProblem, type Place } from "./room.ts";
import { type Signal, SignalLog } from "./signal-log.ts";

interface SignalsPanelProps {
  readonly watched: Place;
  watch(place: Place): void;
}

/** Watches one leaderboard and one list of prompts. */
export function SignalsPanel({ watched, watch }: SignalsPanelProps) {
  const { baseUrl, clientOptions } = useSession();
  const { lobby, prompt } = watched;
  const [log] = useState(() => new SignalLog());
  const { signals, refreshes, lastRefreshMs } = useExternal(log.subscribe, log.snapshot);
  const say = useToast();
  const [busy, setBusy] = useState<"leaderboard" | "prompts">();

  // Before the views below say that they are open.
  // biome-ignore lint/correctness/useExhaustiveDependencies: another place begins a new list
  useEffect(() => log.clear(), [log, lobby, prompt]);

  useLive(() => {
    const board = new Leaderboard(baseUrl, { ...clientOptions, lobbyId: lobby, promptId: prompt });
    board.on("refresh", ({ missed }) =>
      log.add(missed ? "opened" : "refresh", "Leaderboard", Date.now()),
    );
    board.on("error", ({ message }) => say(`The leaderboard cannot be watched: ${message}`, "bad"));
    return board;
  }, [baseUrl, clientOptions, lobby, prompt, log]);
  const prompts = useLive(() => {
    const made = new LobbyPrompts(baseUrl, { ...clientOptions, lobbyId: lobby });
    made.on("refresh", ({ missed }) =>
      log.add(missed ? "opened" : "refresh", "Prompts", Date.now()),
    );
    made.on("error", ({ message }) => say(`The prompts cannot be watched: ${message}`, "bad"));
    return made;
  }, [baseUrl, clientOptions, lobby, prompt, log]);

  const signal = async (what: "leaderboard" | "prompts") => {
    setBusy(what);
    try {
      if (what === "leaderboard")
        await signalLeaderboard(baseUrl, { lobbyId: lobby, promptId: prompt }, clientOptions);
      else if (prompts !== undefined) await prompts.update().outcome;
      say(`The server has told all who view the ${what} to refresh`);
    } catch (error) {
      say(messageOf(error), "bad");
    }
    setBusy(undefined);
  };

  return (
    <Panel title="Leaderboard and prompt signals">
      <div className="lobby-signals">
        <div className="stack">
          <p className="quiet">
            A page that shows a leaderboard or a list of prompts is told one word,{" "}
            <code>refresh</code>, when there is something new to fetch. Here you hear it as such a
            page does. It also fetches once it is connected: something may have been missed.
          </p>
          <PlaceForm key={`${lobby}\n${prompt}`} place={watched} watch={watch} />
          <div className="row">
            <Button busy={busy === "leaderboard"} onClick={() => void signal("leaderboard")}>
              Signal the leaderboard
            </Button>
            <Button
              busy={busy === "prompts"}
              disabled={prompts === undefined}
              onClick={() => void signal("prompts")}
            >
              Signal the prompts
            </Button>
          </div>
          <div className="figures">
            <Figure
              label={`Refreshes of lobby ${lobby}, prompt ${prompt}`}
              value={refreshes}
              atMs={lastRefreshMs}
            />
          </div>
        </div>
        <div className="lobby-signal-list">
          <DataTable
            caption="Signals, the newest first"
            columns={columns}
            rows={signals.map((seen, row): Row => ({ ...seen, row }))}
            // Rows stay, what they say moves down: nothing jumps when a signal comes.
            rowKey={({ row }) => String(row)}
            maxHeightPx={296}
            empty={
              <EmptyState title="Nothing was heard yet">
                Signal a refresh, and see it come.
              </EmptyState>
            }
          />
        </div>
      </div>
    </Panel>
  );
}

/** A signal, and the row of the list that it is in now. */
type Row = Signal & { readonly row: number };

const columns: readonly Column<Row>[] = [
  { key: "age", head: "When", cell: ({ atMs }) => <Age atMs={atMs} /> },
  { key: "what", head: "Of", cell: ({ what }) => what },
  {
    key: "kind",
    head: "Heard",
    cell: ({ kind }) =>
      kind === "refresh" ? (
        <StatusBadge tone="ok">Refresh</StatusBadge>
      ) : (
        <StatusBadge tone="idle">Connected</StatusBadge>
      ),
  },
];

function PlaceForm({ place, watch }: { readonly place: Place; watch(place: Place): void }) {
  const [lobby, setLobby] = useState(place.lobby);
  const [prompt, setPrompt] = useState(place.prompt);
  const isNew = lobby.trim() !== place.lobby || prompt.trim() !== place.prompt;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (idProblem(lobby) === undefined && idProblem(prompt) === undefined)
      watch({ lobby: lobby.trim(), prompt: prompt.trim() });
  };
  return (
    <form className="lobby-watch" onSubmit={submit} noValidate aria-label="What to watch">
      <Field
        label="Lobby"
        value={lobby}
        onChange={setLobby}
        problem={idProblem(lobby)}
        autoComplete="off"
      />
      <Field
        label="Prompt"
        value={prompt}
        onChange={setPrompt}
        problem={idProblem(prompt)}
        autoComplete="off"
      />
      <Button type="submit" disabled={!isNew}>
        {isNew ? "Watch" : "Watching"}
      </Button>
    </form>
  );
}
