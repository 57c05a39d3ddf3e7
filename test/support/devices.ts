/** What the devices service shows over HTTP, and clients by hand. */
import { dataOf, request } from "./http.ts";
import type { Scope } from "./scope.ts";
import { type OpenOptions, TextSocket } from "./text-socket.ts";

/** A command as GET lists it. */
export interface ListedCommand {
  readonly command_id: string;
  readonly command: string;
  /** queued, sent, done, failed, expired, cancelled, "done late", "failed late". */
  readonly status: string;
  readonly reason?: string;
}

/** The commands of a monitor in the order in which they are listed; `query`: what follows the path ("?status=queued"). */
export async function commandsOf(
  url: string,
  monitorId: string,
  query = "",
): Promise<readonly ListedCommand[]> {
  const data = dataOf(
    await request(url, `GET /devices/${encodeURIComponent(monitorId)}/commands${query}`),
  );
  if (!Array.isArray(data)) throw new Error(`the commands are no list: ${JSON.stringify(data)}`);
  return data.map(listed);
}

/** The status of one command; throws if it is not listed exactly once. */
export async function statusOf(url: string, monitorId: string, commandId: string): Promise<string> {
  const found = (await commandsOf(url, monitorId)).filter(
    ({ command_id }) => command_id === commandId,
  );
  if (found.length !== 1 || found[0] === undefined)
    throw new Error(`command ${commandId} is listed ${found.length} times`);
  return found[0].status;
}

function listed(item: unknown): ListedCommand {
  if (
    typeof item === "object" &&
    item !== null &&
    "command_id" in item &&
    "command" in item &&
    "status" in item
  ) {
    const { command_id, command, status } = item;
    if (
      typeof command_id === "string" &&
      typeof command === "string" &&
      typeof status === "string"
    ) {
      const reason =
        "reason" in item && typeof item.reason === "string" ? { reason: item.reason } : {};
      // "done late" may be spelled done_late, or be done with a field late.
      const late = "late" in item && item.late === true && !/late$/.test(status) ? " late" : "";
      return { command_id, command, status: status.replace(/[_-]/g, " ") + late, ...reason };
    }
  }
  throw new Error(`a listed command lacks command_id, command or status: ${JSON.stringify(item)}`);
}

/** A Socket.IO client by hand over WebSocket, connected to the default namespace; its frames are the packets. */
export async function packetSocket(
  scope: Scope,
  wsUrl: string,
  options?: OpenOptions,
): Promise<TextSocket> {
  const socket = await TextSocket.open(
    scope,
    `${wsUrl}/socket.io/?EIO=4&transport=websocket`,
    options,
  );
  await socket.frames.until((packet) => packet.startsWith("0{"));
  socket.send("40");
  await socket.frames.until((packet) => packet.startsWith("40"));
  return socket;
}

/**
 * A monitor that is registered and from now on answers nothing, neither the server's pings nor those of WebSocket itself: what is
 * left of a device that lost its power.
 */
export async function deadMonitor(
  scope: Scope,
  wsUrl: string,
  monitorId: string,
): Promise<TextSocket> {
  const socket = await packetSocket(scope, wsUrl, { autoPong: false });
  socket.send(`42${JSON.stringify(["con", { monitor_id: monitorId }])}`);
  await socket.frames.until((packet) => packet.startsWith('42["con ok"'));
  return socket;
}

/** An Engine.IO 3 client over long polling, as Socket.IO 2 pages are: packets are `LENGTH:PACKET`, one after another. */
export class PollingClient {
  readonly #url: string;
  #sid = "";

  private constructor(url: string) {
    this.#url = url;
  }

  /** Does the handshake; returns the client and the packets that came with it. */
  static async open(
    base: string,
  ): Promise<{ readonly client: PollingClient; readonly packets: readonly string[] }> {
    const client = new PollingClient(`${base}/socket.io/?EIO=3&transport=polling`);
    const packets = await client.poll();
    const [open = ""] = packets;
    if (!open.startsWith("0{")) throw new Error(`no handshake: ${packets.join("|")}`);
    client.#sid = `&sid=${JSON.parse(open.slice(1)).sid}`;
    return { client, packets };
  }

  /** Waits for the next packets. */
  async poll(): Promise<readonly string[]> {
    const response = await fetch(this.#url + this.#sid, { signal: AbortSignal.timeout(10_000) });
    const text = await response.text();
    if (response.status !== 200) throw new Error(`polling got ${response.status} ${text}`);
    return splitPayload(text);
  }

  /** Polls until a packet that matches; later ones of the same answer are dropped. */
  async until(matches: (packet: string) => boolean): Promise<string> {
    for (;;) {
      const found = (await this.poll()).find(matches);
      if (found !== undefined) return found;
    }
  }

  async emit(event: string, payload?: unknown): Promise<void> {
    const packet = `42${JSON.stringify(payload === undefined ? [event] : [event, payload])}`;
    const headers = { "content-type": "text/plain;charset=UTF-8" };
    const response = await fetch(this.#url + this.#sid, {
      method: "POST",
      headers,
      body: `${packet.length}:${packet}`,
    });
    if ((await response.text()) !== "ok")
      throw new Error(`posting ${event} got ${response.status}`);
  }
}

function splitPayload(text: string): string[] {
  const packets: string[] = [];
  for (let at = 0; at < text.length; ) {
    const colon = text.indexOf(":", at);
    const length = Number(text.slice(at, colon));
    if (colon < 0 || !Number.isInteger(length))
      throw new Error(`not an Engine.IO 3 payload: ${text}`);
    packets.push(text.slice(colon + 1, colon + 1 + length));
    at = colon + 1 + length;
  }
  return packets;
}
