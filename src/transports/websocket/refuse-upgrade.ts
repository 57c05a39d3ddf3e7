/** Answering an upgrade with an HTTP status, where there will be no WebSocket. */
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";

/**
 * Answers and ends the socket. Node's HTTP server takes its own listeners off a socket that is to be upgraded: without one here a
 * reset by the peer would end the process, and without `destroy` a peer that stays would keep the socket open for ever.
 */
export function refuseUpgrade(socket: Duplex, status: number): void {
  const destroy = () => socket.destroy();
  socket.on("error", destroy);
  socket.once("finish", destroy);
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
  );
}
