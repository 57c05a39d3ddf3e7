/** Timeouts of a node HTTP server. */
import type { Server } from "node:http";
import type { Limits } from "../../contract/index.ts";

/** Clients keep idle connections for 75 s and do not retry a reset, so ours have to live longer than theirs. */
const keepAliveMs = 80_000;

/** Has to be above the former: node measures it from the end of the request before, too. */
const headersMs = 85_000;

/** For the whole of a request, a large body over a slow line included. */
const receiveMs = 300_000;

/**
 * Sets how long the server waits for its clients. Idle connections are kept for 80 s. Headers must be there within 85 s, the body
 * within 300 s, else 408. A connection on which nothing moves for `idleTimeoutMs` in the middle of an answer is cut off: whoever does
 * not read a long download does not hold it for ever.
 *
 * What is no HTTP is answered by node itself and cut off: 400, or 431 for headers of more than 16 KiB in all.
 */
export function configureHttpServer(
  server: Server,
  limits: Pick<Limits, "idleTimeoutMs" | "requestTimeoutMs">,
): void {
  server.keepAliveTimeout = keepAliveMs;
  server.headersTimeout = headersMs;
  server.requestTimeout = receiveMs;
  // A request that is still being worked on moves nothing either.
  server.timeout = Math.max(limits.idleTimeoutMs, limits.requestTimeoutMs + 5000);
}
