/** Waiting for a connection, within bounds. */
import type { Connection } from "../client/index.ts";
import { SwitchboardError } from "../wire/error.ts";

/** How long a command that sends something waits for the server. */
export const openWithinMs = 10_000;

/** What `work` comes to, or undefined after `ms`. */
export function within<T>(work: Promise<T>, ms: number): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms, undefined);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** Waits for the connection to open; a server that is not there within `ms` is an error. */
export async function opened(connection: Connection, ms = openWithinMs): Promise<void> {
  const isOpen = await within(
    connection.whenOpen().then(() => true),
    ms,
  );
  if (isOpen) return;
  const { state } = connection;
  const why = state.status === "waiting" ? `: ${state.loss.reason || state.loss.code}` : "";
  throw new SwitchboardError(
    "timeout",
    `no connection within ${ms / 1000} s${why}: is the server running there? (--url says where)`,
  );
}

/** Rejects with the reason when the connection is over for good. */
export async function over(connection: Connection): Promise<void> {
  await connection.whenClosed();
  // Of one that is over, it rejects with why.
  await connection.whenOpen();
}
