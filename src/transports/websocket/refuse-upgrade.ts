/** Answering an upgrade with an HTTP status, where there will be no WebSocket. */
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { SwitchboardError } from "../../wire/error.ts";

/**
 * Answers, with the error where there is one, and ends the socket. Node's HTTP server takes its own listeners off a socket that is to be upgraded: without one here a
 * reset by the peer would end the process, and without `destroy` a peer that stays would keep the socket open for ever.
 */
export function refuseUpgrade(socket: Duplex, status: number, error?: SwitchboardError): void {
  const destroy = () => socket.destroy();
  socket.on("error", destroy);
  socket.once("finish", destroy);
  const text = error === undefined ? "" : errorText(error);
  const type = error === undefined ? "" : "Content-Type: application/json; charset=utf-8\r\n";
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n${type}` +
      `Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  );
}

function errorText({ code, message }: SwitchboardError): string {
  return JSON.stringify({ error: { code, message } });
}
