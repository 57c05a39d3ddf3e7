/** What a lobby server sends, read without trust: fields that it lacks or that are of another type are absent. Pure. */

import { jsonObject } from "../json-object.ts";
import type { ServerError } from "../server-error.ts";

/** Ids are numbers or strings; 10 and "10" are the same lobby. */
export type LobbyId = string | number;

/** Who waits for a prompt. */
export interface LobbyPlayers {
  /** Names, in the order of joining. */
  readonly users: readonly string[];
  /** Who may start, where not everybody may. Null: everybody, or nobody who is here. Absent: the server does not say. */
  readonly host?: string | null;
  /** Since when each of `users` waits, ms since 1970 by the server's clock. Absent: the server does not say. */
  readonly since?: readonly number[];
}

/** A start. */
export interface LobbyStart {
  /** So long after this event it starts; 0: now. */
  readonly inMs: number;
  /** When it starts (or has started) by this machine's `performance.now()`: count down to this, it does not hang on anybody's clock being right. */
  readonly startsAtMs: number;
  /** When it was given, ms since 1970 by the server's clock. Absent: the server does not say. */
  readonly atMs?: number;
  /** It was given while this player was not connected. */
  readonly late: boolean;
}

/** A message from the server. `unknown`: of a type that a newer server may have. */
export type LobbyMessage =
  | { readonly type: "update"; readonly players: LobbyPlayers }
  | {
      readonly type: "start";
      readonly atMs?: number;
      readonly inMs: number;
      readonly late: boolean;
    }
  | { readonly type: "refresh" }
  | { readonly type: "error"; readonly error: ServerError }
  | { readonly type: "unknown" };

/** Reads a frame; undefined if it breaks the protocol. */
export function readLobbyMessage(text: string): LobbyMessage | undefined {
  if (text === "refresh") return { type: "refresh" };
  const json = jsonObject(text);
  if (json === undefined || typeof json.type !== "string") return undefined;
  if (json.type === "update") {
    const players = readPlayers(json);
    return players === undefined ? undefined : { type: "update", players };
  }
  if (json.type === "start") {
    const { at, in: inMs } = json;
    return {
      type: "start",
      inMs: isTime(inMs) ? inMs : 0,
      late: json.late === true,
      ...(isTime(at) ? { atMs: at } : {}),
    };
  }
  if (json.type === "error")
    return {
      type: "error",
      error: { code: String(json.code), message: String(json.message ?? "") },
    };
  return { type: "unknown" };
}

function readPlayers({
  users,
  host,
  since,
}: Readonly<Record<string, unknown>>): LobbyPlayers | undefined {
  if (!Array.isArray(users) || !users.every((user) => typeof user === "string")) return undefined;
  const hasSince = Array.isArray(since) && since.length === users.length && since.every(isTime);
  return {
    users,
    ...(typeof host === "string" || host === null ? { host } : {}),
    ...(hasSince ? { since } : {}),
  };
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}
