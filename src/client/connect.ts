/** Opening a connection. */
import { platform } from "#platform";
import { SwitchboardError } from "../wire/error.ts";
import { Connection } from "./connection.ts";
import type { ConnectOptions } from "./options.ts";

/**
 * Connects to a WebSocket server, Switchboard or any other, and stays connected: lost, it comes back after a random delay (full jitter:
 * the first below 4 s), unless the close code says not to (`src/wire/close-codes.ts`). `url`: ws, wss, http or https; in a page it may be relative.
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
