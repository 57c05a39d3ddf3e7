/** How a server refuses: the several forms in which "no" may come. */
import type { DeviceEvent, DeviceSocket } from "./device-socket.ts";
import type { Scope } from "./scope.ts";
import { type OpenOptions, TextSocket, UpgradeRefused } from "./text-socket.ts";

/**
 * Opens a WebSocket, sends `first`, and returns how that is refused: the HTTP status in place of the upgrade, or the code of the
 * close. Rejects if a frame comes, or no refusal does.
 */
export async function refusal(
  scope: Scope,
  url: string,
  first: unknown,
  options?: OpenOptions,
): Promise<number> {
  let socket: TextSocket;
  try {
    socket = await TextSocket.open(scope, url, options);
  } catch (error) {
    if (error instanceof UpgradeRefused) return error.status;
    throw error;
  }
  socket.send(first);
  const { code } = await socket.closed();
  const answers = socket.frames.unread.filter((frame) => !frame.includes('"error"'));
  if (answers.length > 0)
    throw new Error(`refused with ${code}, but only after ${answers.join(" ")}`);
  return code;
}

/** Reads until a Socket.IO client is disconnected, and returns what came before; rejects if it is not. */
export async function untilDisconnected(socket: DeviceSocket): Promise<readonly DeviceEvent[]> {
  const before: DeviceEvent[] = [];
  await socket.events.until((came) => {
    if (came.event !== "disconnect") before.push(came);
    return came.event === "disconnect";
  });
  return before;
}
