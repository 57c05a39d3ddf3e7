/** The admin's contract: the overview of all nodes, the connections of one, the inspector, the contracts as JSON. */
import { z } from "zod";
import { defineContract, namedBy } from "../../contract/index.ts";

const admin = ["admin"];

/** What only grows, since the start of the node's process. */
const totals = {
  messagesIn: z.number(),
  messagesOut: z.number().describe("Written to sockets"),
  bytesIn: z.number(),
  bytesOut: z.number(),
  skipped: z
    .number()
    .describe("`latest` messages that slow clients did not get because a newer one replaced them"),
};

const byCode = z.record(z.string(), z.number());

const serviceFigures = z.object({
  service: z.string().describe("`none`: connections that have not said yet whose they are"),
  connections: z.number(),
  topics: z.number().describe("Topics that have members on this node"),
  unsentBytes: z.number().describe("Bytes that wait for slow clients, in queues and sockets"),
  slowConnections: z.number().describe("Connections for which bytes wait"),
  ...totals,
  errors: byCode.describe("Refused messages and requests, by code of the error table"),
  closes: byCode.describe("Ended connections, by close code"),
  perSecond: z
    .exactOptional(z.object(totals))
    .describe("The totals' growth since the report before; absent in a node's first one"),
});

const processFigures = z.object({
  pid: z.number(),
  host: z.string(),
  uptimeSeconds: z.number(),
  cpuSeconds: z.number().describe("User and system time of all threads, since the start"),
  cpuShare: z
    .exactOptional(z.number())
    .describe(
      "Of one core, since the report before: 1 is one core busy; absent in a node's first report",
    ),
  rssBytes: z.number(),
  heapUsedBytes: z.number(),
  heapTotalBytes: z.number(),
  eventLoopDelayMs: z
    .exactOptional(z.object({ mean: z.number(), p99: z.number(), max: z.number() }))
    .describe(
      "How much later than due timers ran since the report before; absent in a node's first report",
    ),
});

/** A node's own figures at one moment, as they also travel from node to node. */
export const nodeFigures = z.object({
  node: z.string().describe("The node's session; new with each start of its process"),
  at: z.number().describe("The node's time of these figures, in ms since 1970"),
  version: z.string(),
  draining: z.boolean().describe("It takes no new clients and is about to leave"),
  connections: z.number().describe("All open sockets of the node"),
  refused: z
    .number()
    .describe("Connections that were not taken for a limit of the process, since the start"),
  engine: z.object({
    kind: z.string(),
    stats: z.record(z.string(), z.number()).describe("What ends in `_total` only grows"),
  }),
  process: processFigures,
  services: z.array(serviceFigures),
});

const connection = z
  .string()
  .min(1)
  .max(200)
  .describe("Id of a connection of this node, as GET /admin/connections lists it");

export const adminContract = defineContract({
  name: "admin",
  doc: "For operators: what every node and service is doing, who is connected, the frames of one connection, the contracts.",
  transport: "websocket",
  paths: ["/admin"],
  sameOrigin: true,
  codec: namedBy("type"),
  in: {
    overview: {
      doc: "Asks for the figures of all nodes: each at once, as far as it is known, then one `overview` a second of each.",
      schema: z.object({}),
      roles: admin,
    },
    inspect: {
      doc: "Asks for every frame of a connection from now on: `inspecting` is the answer, then `frame` by `frame`, then `closed`.",
      schema: z.object({ connection }),
      roles: admin,
      errors: ["not_found", "conflict"],
    },
    inspect_next: {
      doc: "Asks for every frame of the next connection that opens on a service, from its first one: `inspecting` comes when it has opened.",
      schema: z.object({
        service: z.string().max(100),
        path: z
          .string()
          .max(2000)
          .optional()
          .describe("Only a connection to this path; a query of it is left out"),
      }),
      roles: admin,
      errors: ["not_found", "conflict"],
    },
    uninspect: {
      doc: "Ends the inspection of one connection, or all of them and the waiting for next ones.",
      schema: z.object({ connection: connection.optional() }),
      roles: admin,
    },
  },
  out: {
    overview: {
      doc: "One node's figures. A node that has stopped reporting is told on with its last ones, and after 30 s no more.",
      delivery: "latest",
      key: (payload) => (payload as { readonly node: string }).node,
      schema: nodeFigures.extend({
        ageMs: z
          .number()
          .describe("Since these figures came to the node that tells you, by its own clock"),
      }),
    },
    node_gone: {
      doc: "A node has left, or has not reported for 30 s: it is shown no more.",
      delivery: "all",
      schema: z.object({ node: z.string() }),
    },
    inspecting: {
      doc: "An inspection has begun: of the connection asked for, or of the next one that was waited for.",
      delivery: "all",
      schema: z.object({
        connection: z.string(),
        service: z.string(),
        path: z.string(),
        address: z.string(),
        since: z.number(),
      }),
    },
    frame: {
      doc: "A frame of an inspected connection, without secrets. On a transport with named events the text is `[name,payload]`.",
      delivery: "all",
      schema: z.object({
        connection: z.string(),
        n: z
          .number()
          .describe(
            "Number of the frame since the inspection began, from 1; those that were not told count",
          ),
        direction: z.enum(["in", "out"]),
        at: z.number().describe("ms since 1970"),
        text: z.string(),
        bytes: z.number().describe("Of the whole frame's text in UTF-8"),
        truncated: z.exactOptional(z.literal(true)).describe("`text` is the first 8 KiB"),
        dropped: z
          .exactOptional(z.number())
          .describe(
            "So many frames just before this one were not told: they came too fast, or you read too slowly",
          ),
      }),
    },
    closed: {
      doc: "The inspected connection has ended, and so has the inspection.",
      delivery: "all",
      schema: z.object({
        connection: z.string(),
        code: z.number(),
        reason: z.string(),
        byServer: z.boolean(),
        dropped: z.exactOptional(z.number()).describe("So many frames at the end were not told"),
      }),
    },
  },
  routes: {
    connections: {
      method: "GET",
      path: "/admin/connections",
      doc: "Open connections of the node that answers, no other's: `{node, at, total, connections, next?}`. `next` is the cursor of the next page.",
      params: z.object({
        service: z.string().max(100).optional().describe("Only this service's"),
        limit: z.coerce
          .number()
          .int()
          .min(1)
          .max(500)
          .default(100)
          .describe("At most so many. Default 100"),
        sort: z
          .enum(["opened", "newest", "unsent"])
          .default("opened")
          .describe(
            "`opened`: the longest open first. `newest`: the last opened first. `unsent`: the slowest first, without pages",
          ),
        cursor: z
          .string()
          .max(200)
          .optional()
          .describe(
            "With `opened` and `newest`: only those after this one, the `next` of a page before",
          ),
      }),
      roles: admin,
      errors: ["not_found"],
    },
    contracts: {
      method: "GET",
      path: "/admin/contracts",
      doc: "The contracts of all services, each message and body with its JSON Schema, and the tables of error and close codes: `{services, errors, closes}`.",
      params: z.object({}),
      roles: admin,
    },
    test: {
      method: "POST",
      path: "/admin/tests",
      doc: "Notes in the log that an operator is about to send a test message as a client, which the console does then: `{ok: true}`.",
      params: z.object({}),
      body: z.object({
        service: z.string().max(100),
        path: z.string().max(2000).describe("Where the message goes; its query is not logged"),
        message: z
          .string()
          .max(200)
          .describe(
            "Its name, or anything, which is logged as `written by hand`; its text is not logged",
          ),
      }),
      roles: admin,
      errors: ["not_found"],
    },
    session: {
      method: "GET",
      path: "/admin/session",
      doc: "Whether a token is needed, and whose the one that came is: `{auth, name?, roles?, services, version, node}`. 401 for a bad one.",
      params: z.object({}),
      roles: "open",
      errors: ["unauthenticated"],
    },
  },
  roles: { admin: "may do everything; of this service, it alone may do anything" },
});
