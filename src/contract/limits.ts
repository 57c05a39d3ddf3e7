/** The limits that bound every connection, each with its default. */
import { z } from "zod";

const bytes = z.int().min(1);
const count = z.int().min(1);
const ms = z.int().min(1);
const rate = z.number().positive().nullable();

/** Limits of a connection or request. Every one has a name in the config, a metric and an error or close code. */
export const limitsSchema = z.strictObject({
  maxFrameBytes: bytes
    .default(1 << 20)
    .describe("Largest frame a client may send; over it: close 1009. Default 1 MiB"),
  maxBodyBytes: bytes
    .default(64 << 20)
    .describe("Largest HTTP body; over it: 413 too_large. Default 64 MiB"),
  maxQueueBytes: bytes
    .default(1 << 20)
    .describe(
      "Most bytes that may wait for one slow connection (a single message always may); over it: close 4408. Default 1 MiB",
    ),
  maxQueueMessages: count
    .default(10_000)
    .describe(
      "Most messages that may wait for one slow connection; over it: close 4408. Default 10,000",
    ),
  maxJsonValues: count
    .default(250_000)
    .describe(
      "Most values in the JSON of a frame or body, nested ones included; over it: too_large. Default 250,000",
    ),
  maxJsonDepth: count
    .max(1000)
    .default(64)
    .describe(
      "Most levels of nesting in the JSON of a frame or body; over it: too_large. At most 1,000. Default 64",
    ),
  maxInputBytes: bytes
    .default(512 << 20)
    .describe(
      "Most bytes that the process holds of unfinished frames and bodies, and of messages that wait; over it: close 1013 or 503. Default 512 MiB: two of the largest bodies",
    ),
  maxInputBytesPerAddress: bytes
    .default(288 << 20)
    .describe(
      "The same bytes of one address, at least one largest frame or body; over it: close 1013 or 503. Default 288 MiB",
    ),
  maxUnauthenticatedBytes: bytes
    .default(64 << 10)
    .describe(
      "Largest frame or body of a client that has not authenticated, and largest body on a route that asks for no token; over it: close 1009 or 413. Default 64 KiB",
    ),
  maxInbox: count
    .default(1000)
    .describe(
      "Most messages of one connection that may wait for its running one; over it: reading pauses, or close 4429. Default 1,000",
    ),
  maxConnections: count
    .default(50_000)
    .describe("Most open connections of the process; over it: close 1013. Default 50,000"),
  maxConnectionsPerAddress: count
    .nullable()
    .default(null)
    .describe("Most open connections of one address; over it: close 4429. Default null: no bound"),
  messagesPerSecond: rate
    .default(null)
    .describe(
      "Messages a connection may send a second, in bursts of two seconds' worth; over it: close 4429. Default null: no bound",
    ),
  connectsPerSecondPerAddress: rate
    .default(null)
    .describe(
      "Connections an address may open a second, in bursts of two seconds' worth; over it: close 4429. Default null: no bound",
    ),
  authTimeoutMs: ms
    .default(10_000)
    .describe(
      "With auth on, time until a connection must have said who it is; over it: close 4401. Default 10 s",
    ),
  pingIntervalMs: ms.default(25_000).describe("How often each connection is pinged. Default 25 s"),
  idleTimeoutMs: ms
    .default(120_000)
    .describe(
      "A connection that has sent nothing, not even a pong, for so long is gone. Default 120 s",
    ),
  requestTimeoutMs: ms
    .default(30_000)
    .describe("Time to answer an HTTP request; over it: 504 timeout. Default 30 s"),
  maxAnswerBytes: bytes
    .default(256 << 20)
    .describe(
      "Most bytes of HTTP answers that clients have not read yet, in all; over it: 503 over_capacity. Default 256 MiB",
    ),
  maxAnswerBytesPerAddress: bytes
    .default(128 << 20)
    .describe(
      "Most bytes of HTTP answers that clients of one address have not read yet; over it: 503 over_capacity. Default 128 MiB",
    ),
  maxRequestsPerSocket: count
    .default(16)
    .describe(
      "Most HTTP requests of one socket without their answer; over it: the socket is not read until an answer has left. Default 16",
    ),
  maxWaitingSockets: count
    .default(10_000)
    .describe(
      "Most sockets that wait for an HTTP request: new, idle, or sending one; over it: 503 and the end of the socket. Default 10,000",
    ),
  maxWaitingSocketsPerAddress: count
    .default(5000)
    .describe(
      "Most such sockets of one address; over it: 503 and the end of the socket. Default 5,000",
    ),
  openRequestsPerSecondPerAddress: rate
    .default(100)
    .describe(
      "HTTP requests without a token that an address may send a second, in bursts of two seconds' worth (10 times as many for pages, 100 times for /healthz and /readyz); over it: 429 over_rate. Default 100; null: no bound",
    ),
});

/** All limits, resolved. */
export type Limits = z.output<typeof limitsSchema>;

/** The limits that a service can have for itself; the others are the process's. */
export const serviceLimits = [
  "maxFrameBytes",
  "maxBodyBytes",
  "maxQueueBytes",
  "maxQueueMessages",
  "maxInbox",
  "maxJsonValues",
  "maxJsonDepth",
  "messagesPerSecond",
  "requestTimeoutMs",
] as const satisfies readonly (keyof Limits)[];

/** What of them differs from the common ones. */
export type ServiceLimits = Partial<Pick<Limits, (typeof serviceLimits)[number]>>;

/** The common defaults. */
export const defaultLimits: Limits = limitsSchema.parse({});
