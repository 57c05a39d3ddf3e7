/** Opening a connection. */
import { platform } from "#platform";
import { SwitchboardError } from "../wire/error.ts";
import { Connection } from "./connection.ts";
import type { ConnectOptions } from "./options.ts";

/**
 * Connects to a WebSocket server, Switchboard or any other, and stays connected: lost, it comes back after a random delay (full jitter:
 * the first below 4 s, further ones longer while it cannot be opened), unless the close code says not to (`src/wire/close-codes.ts`).
 *
 * In Node an HTTP status in answer to the upgrade counts as a close code: 401 as 4401, 403 as 4403, 429 as 4429, 503 as 1013; 400, 404, 405
 * and 426 as 4400, which ends a connection that was never open (a wrong path), but not one that was (a load balancer says 404 while
 * the server is replaced); every other one as 1006. The reason names the status. A page is not shown the status, it only ever sees 1006 and tries
 * again: set `deadlineMs` where a wrong address should end `whenOpen()`.
 *
 * `url`: ws, wss, http or https; in a page it may be relative.
 * Never throws but `bad_url`; whether the server is there shows in the connection's states.
 */
export function connect(url: string | URL, options: ConnectOptions = {}): Connection {
  return new Connection(webSocketUrl(url), options, platform);
}

/** The address as WebSocket needs it. */
function webSocketUrl(url: string | URL): string {
  let address: URL;
  try {
    address = new URL(url, globalThis.location?.href);
  } catch {
    throw new SwitchboardError(
      "bad_url",
      `${JSON.stringify(String(url))} is no address: expected something like ws://127.0.0.1:7400/lobby`,
    );
  }
  if (!/^(ws|http)s?:$/.test(address.protocol)) {
    throw new SwitchboardError(
      "bad_url",
      `${address.protocol}// cannot be connected to: expected ws, wss, http or https in ${JSON.stringify(String(url))}`,
    );
  }
  address.protocol = address.protocol.replace("http", "ws");
  // A WebSocket address has no fragment.
  address.hash = "";
  return address.href;
}
