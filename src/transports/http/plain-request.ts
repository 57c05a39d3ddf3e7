/** Serving a request that asks for an upgrade which the server does not know. */
import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";

/** Headers that are about the upgrade, or about this hop. */
const upgradeHeaders: ReadonlySet<string> = new Set(["upgrade", "connection", "http2-settings"]);

/** True if a request asks for a WebSocket, in the one form that the WebSocket libraries take. */
export function asksForWebSocket({ method, headers, httpVersion }: IncomingMessage): boolean {
  return (
    method === "GET" && httpVersion === "1.1" && headers.upgrade?.toLowerCase() === "websocket"
  );
}

/**
 * Gives a request that node has taken for an upgrade back to its server, as the plain request it
 * also is (RFC 9110, 7.8: a server may ignore Upgrade). The connection closes after its answer.
 */
export function serveWithoutUpgrade(
  server: Server,
  incoming: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  const lines = [`${incoming.method} ${incoming.url} HTTP/${incoming.httpVersion}`];
  for (let at = 0; at < incoming.rawHeaders.length; at += 2) {
    const [name = "", value = ""] = incoming.rawHeaders.slice(at, at + 2);
    if (!upgradeHeaders.has(name.toLowerCase())) lines.push(`${name}: ${value}`);
  }
  lines.push("Connection: close", "", "");
  socket.unshift(Buffer.concat([Buffer.from(lines.join("\r\n"), "latin1"), head]));
  server.emit("connection", socket);
}
