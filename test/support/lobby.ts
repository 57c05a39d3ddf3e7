/** Lobby clients in the roles that the tests need. */
import { randomUUID } from "node:crypto";
import type { Scope } from "./scope.ts";
import { type OpenOptions, TextSocket } from "./text-socket.ts";

/** A lobby that no other test uses. */
export function newLobbyId(): string {
  return randomUUID();
}

/** The fields of `wait_start`; `prompt_id` is 5 unless told otherwise. */
export interface Joining {
  readonly user: string;
  readonly lobby_id: unknown;
  readonly prompt_id?: unknown;
  readonly resume?: string;
  readonly late?: boolean;
}

/** Opens a connection and sends its first message. */
export async function opening(
  scope: Scope,
  url: string,
  first: unknown,
  options?: OpenOptions,
): Promise<TextSocket> {
  const socket = await TextSocket.open(scope, url, options);
  socket.send(first);
  return socket;
}

/** A player who has joined and has read the first `update`. */
export async function join(
  scope: Scope,
  url: string,
  joining: Joining,
  options?: OpenOptions,
): Promise<TextSocket> {
  const player = await opening(
    scope,
    url,
    { type: "wait_start", prompt_id: 5, ...joining },
    options,
  );
  await nextUsers(player);
  return player;
}

/**
 * A connection that asked for errors and whose first message has been handled: nothing answers a viewer's first message, but
 * messages are handled one after another, so the error about a second, bad one shows it.
 */
export async function watching(scope: Scope, url: string, first: unknown): Promise<TextSocket> {
  const socket = await opening(scope, `${url}?errors=1`, first);
  await nothingCame(socket);
  return socket;
}

/** Shows that nothing has come to a connection that asked for errors: the error about what it sends now is the next frame. */
export async function nothingCame(socket: TextSocket): Promise<void> {
  socket.send("no JSON");
  const message = await socket.json();
  if (message.type !== "error")
    throw new Error(`${JSON.stringify(message).slice(0, 500)} came where nothing was due`);
}

/** The names in the next frame, which must be an `update`. */
export async function nextUsers(player: TextSocket): Promise<readonly string[]> {
  const message = await player.json();
  if (message.type !== "update" || !Array.isArray(message.users)) {
    throw new Error(`${JSON.stringify(message).slice(0, 500)} came where an "update" was due`);
  }
  return message.users;
}
