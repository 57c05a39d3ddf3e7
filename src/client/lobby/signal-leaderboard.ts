/** Tells the viewers of a leaderboard to refresh. */
import { platform } from "#platform";
import { SwitchboardError } from "../../wire/error.ts";
import { connect } from "../connect.ts";
import type { ConnectOptions } from "../options.ts";
import { serviceUrl } from "../service-url.ts";
import type { Ending, Loss } from "../state.ts";
import type { LobbyId } from "./lobby-messages.ts";

/** A part of what a connection may be told. */
export interface SignalOptions
  extends Pick<ConnectOptions, "token" | "maxDelayMs" | "attemptTimeoutMs" | "watchdog"> {
  /** How long it may take in all; default 10 s. */
  readonly deadlineMs?: number;
}

/**
 * Resolves when the server has taken the signal, which it says by closing. Until then it is sent again over new connections: the viewers may hear
 * one `refresh` too many, which does no harm. With null ids nothing is refreshed. Rejects with `timeout` (it may have arrived or not: call
 * again), or at once with `forbidden`, `unauthenticated` or `connection_closed` where the server does not want it.
 *
 * ```ts
 * await signalLeaderboard("ws://127.0.0.1:7400", { lobbyId: 10, promptId: 5 });
 * ```
 */
export function signalLeaderboard(
  url: string | URL,
  { lobbyId, promptId }: { readonly lobbyId: LobbyId | null; readonly promptId: LobbyId | null },
  { deadlineMs = 10_000, ...options }: SignalOptions = {},
): Promise<void> {
  const text = JSON.stringify({
    type: "leaderboard_update",
    lobby_id: lobbyId,
    prompt_id: promptId,
  });
  return new Promise((resolve, reject) => {
    const connection = connect(serviceUrl(url, "/lobby", { errors: "1" }), {
      ...options,
      identify: ({ send }) => send(text),
    });
    const timer = platform.after(deadlineMs, () => {
      reject(
        new SwitchboardError(
          "timeout",
          `the server did not say within ${deadlineMs} ms that it has the signal: call again`,
        ),
      );
      connection.destroy();
    });
    connection.on("state", (state) => {
      if (state.status === "waiting" && isTaken(state.loss)) {
        resolve();
        connection.destroy();
      } else if (state.status === "closed") {
        timer.cancel();
        if (isTaken(state.ending.loss)) resolve();
        // Too late where it has been resolved or rejected.
        else reject(refusal(state.ending));
      }
    });
  });
}

/** The server closed as it does when it has done what was asked: with 1000, or with a frame that names no code. */
function isTaken(loss: Loss | undefined): boolean {
  return loss?.code === 1005 || (loss?.code === 1000 && loss.reason !== "invalid message type");
}

function refusal({ error, loss }: Ending): SwitchboardError {
  if (error !== undefined) return error;
  const code =
    loss?.code === 4401
      ? "unauthenticated"
      : loss?.code === 4403
        ? "forbidden"
        : "connection_closed";
  return new SwitchboardError(
    code,
    `the server did not take the signal: ${loss?.code ?? "no"} ${loss?.reason ?? "answer"}`,
  );
}
