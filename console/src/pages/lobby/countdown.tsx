/** A start as players see it: a countdown, then how long ago it was. */
import { useEffect, useState } from "react";
import type { LobbyStart } from "switchboard/client/lobby";
import { Age } from "../../parts/age.tsx";
import { countdownAt } from "./countdown.ts";

/** How often the bar moves. */
const stepMs = 100;

/** Give it a `key` for each start. Its place is as high before, during and after. */
export function Countdown({ start }: { readonly start: LobbyStart | undefined }) {
  const [view, setView] = useState(() =>
    start === undefined ? undefined : countdownAt(start, performance.now()),
  );

  useEffect(() => {
    if (start === undefined) return;
    const step = () => {
      const next = countdownAt(start, performance.now());
      setView(next);
      if (next.isOver) clearInterval(timer);
    };
    const timer = setInterval(step, stepMs);
    step();
    return () => clearInterval(timer);
  }, [start]);

  return (
    <div className="lobby-countdown">
      <p role="status" className="visually-hidden">
        {start === undefined || view === undefined
          ? ""
          : view.isOver
            ? "It has started"
            : `It starts in ${Math.round(start.inMs / 1000)} seconds`}
      </p>
      {start === undefined || view === undefined ? (
        <p className="quiet">No start yet. It comes to all who wait at the same moment.</p>
      ) : view.isOver ? (
        <p className="row">
          <strong className="lobby-countdown-number">Go!</strong>
          <span className="row">
            started{start.late ? " while you were away" : ""}{" "}
            <Age atMs={Date.now() + start.startsAtMs - performance.now()} />
          </span>
        </p>
      ) : (
        <p className="row" aria-hidden="true">
          <strong className="lobby-countdown-number">{view.seconds}</strong> seconds to go
        </p>
      )}
      <div className="lobby-countdown-bar" aria-hidden="true">
        <div style={{ width: `${(view?.done ?? 0) * 100}%` }} />
      </div>
    </div>
  );
}
