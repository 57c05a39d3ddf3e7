/** A player of one's own: where to wait, and under which name. */
import { type FormEvent, useState } from "react";
import { Button } from "../../parts/button.tsx";
import { Field } from "../../parts/field.tsx";
import { Panel } from "../../parts/panel.tsx";
import { idProblem, type Place } from "./room.ts";
import { WaitingRoom } from "./waiting-room.tsx";

/** Who waits, and where. */
export interface Seat extends Place {
  readonly user: string;
}

interface PlayerPanelProps {
  /** Undefined while nobody waits. */
  readonly seat: Seat | undefined;
  /** What is in the form. */
  readonly wish: Seat;
  change(wish: Seat): void;
  join(seat: Seat): void;
  leave(): void;
}

export function PlayerPanel({ seat, wish, change, join, leave }: PlayerPanelProps) {
  return (
    <Panel title="Wait as a player">
      <div className="lobby-player">
        {seat === undefined ? (
          <JoinForm wish={wish} change={change} join={join} />
        ) : (
          <WaitingRoom key={JSON.stringify(seat)} seat={seat} leave={leave} />
        )}
      </div>
    </Panel>
  );
}

function JoinForm({ wish, change, join }: Pick<PlayerPanelProps, "wish" | "change" | "join">) {
  const [tried, setTried] = useState(false);
  const problems = {
    user: wish.user.trim() === "" ? "Give a name" : undefined,
    lobby: idProblem(wish.lobby),
    prompt: idProblem(wish.prompt),
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (Object.values(problems).some((problem) => problem !== undefined)) return;
    join({ user: wish.user.trim(), lobby: wish.lobby.trim(), prompt: wish.prompt.trim() });
  };
  const shown = (problem: string | undefined) => (tried ? problem : undefined);
  return (
    <form className="stack" onSubmit={submit} noValidate>
      <p className="quiet">
        Join a lobby as its site's players do. You are listed for all who wait, and anybody who
        waits can start the prompt for all.
      </p>
      <Field
        label="Name"
        hint="A name that is taken is listed as “also NAME”"
        value={wish.user}
        onChange={(user) => change({ ...wish, user })}
        problem={shown(problems.user)}
        autoComplete="off"
        spellCheck={false}
      />
      <div className="lobby-ids">
        <Field
          label="Lobby"
          value={wish.lobby}
          onChange={(lobby) => change({ ...wish, lobby })}
          problem={shown(problems.lobby)}
          autoComplete="off"
        />
        <Field
          label="Prompt"
          value={wish.prompt}
          onChange={(prompt) => change({ ...wish, prompt })}
          problem={shown(problems.prompt)}
          autoComplete="off"
        />
      </div>
      <p>
        <Button type="submit" look="primary">
          Join
        </Button>
      </p>
    </form>
  );
}
