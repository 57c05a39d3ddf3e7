/** The packets of Mephisto's browser client, and what comes back. Pure. */

import { isObject, jsonObject } from "../json-object.ts";
import type { ServerError } from "../server-error.ts";
import { readStats, type WorkerStats } from "./worker-stats.ts";

/** A message from the server, in a packet or as it stands. `unknown`: of a kind that a newer server may have. */
export type CrowdMessage =
  | { readonly kind: "stats"; readonly stats: WorkerStats; readonly updateId: string | undefined }
  | { readonly kind: "status"; readonly status: string }
  | { readonly kind: "error"; readonly error: ServerError }
  | { readonly kind: "unknown" };

/** A packet's text. `seconds`: since 1970, as Mephisto's client says time. */
export function packetText(
  type: string,
  agentId: string,
  data: object | undefined,
  seconds: number,
): string {
  return JSON.stringify({
    packet_type: type,
    subject_id: agentId,
    ...(data === undefined ? {} : { data }),
    client_timestamp: seconds,
  });
}

/** Reads a frame; undefined if it breaks the protocol. */
export function readCrowdMessage(text: string): CrowdMessage | undefined {
  const json = jsonObject(text);
  if (json === undefined) return undefined;
  const { packet_type: type, data } = json;
  if (type === undefined) return readMessage(json);
  if (type === "client_bound_live_update") return isObject(data) ? readMessage(data) : undefined;
  if (type !== "update_status" && type !== "heartbeat") return { kind: "unknown" };
  if (!isObject(data)) return undefined;
  return typeof data.status === "string"
    ? { kind: "status", status: data.status }
    : { kind: "unknown" };
}

function readMessage(message: Readonly<Record<string, unknown>>): CrowdMessage | undefined {
  const { message: name, update_id: updateId } = message;
  if (typeof name !== "string") return undefined;
  if (name === "error")
    return {
      kind: "error",
      error: { code: String(message.code), message: String(message.detail ?? "") },
    };
  if (name !== "set_worker_stats") return { kind: "unknown" };
  const stats = readStats(message.stats);
  return stats === undefined
    ? undefined
    : { kind: "stats", stats, updateId: typeof updateId === "string" ? updateId : undefined };
}
