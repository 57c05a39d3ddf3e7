/** For the tests of this folder: a small Socket.IO service, really served. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { z } from "zod";
import { Inbox } from "../../../test/support/inbox.ts";
import type { Scope } from "../../../test/support/scope.ts";
import { defaultLimits, defineContract, type Limits } from "../../contract/index.ts";
import { openMemoryEngine } from "../../engines/memory/index.ts";
import { type Clock, systemClock } from "../../kit/clock.ts";
import type { Closed, Connection } from "../../kit/connection.ts";
import { Connections } from "../../kit/connections.ts";
import { OriginGuard } from "../../kit/origin-guard.ts";
import type { Authenticator, Principal } from "../../kit/principal.ts";
import { RunningService } from "../../kit/running-service.ts";
import { defineService, type ServiceContext } from "../../kit/service.ts";
import { Turn } from "../../kit/turn.ts";
import { SwitchboardError } from "../../wire/error.ts";
import { createSocketIoTransport, type SocketIoTransport } from "./index.ts";

const numbered = z.object({ n: z.number(), pad: z.string().max(1 << 24) });

const sampleContract = defineContract({
  name: "sample",
  doc: "Says back what it is told.",
  transport: "socketio",
  paths: [],
  in: {
    say: {
      roles: "any",
      schema: z.object({ text: z.string().max(1 << 24) }),
      doc: "Is said back.",
    },
    nothing: {
      roles: "any",
      schema: z.union([z.undefined(), z.null(), z.object({})]),
      doc: "Needs no payload.",
    },
    fail: { roles: "any", schema: z.object({}), doc: "Is answered with a failure and a close." },
    wait: {
      roles: "any",
      schema: z.undefined(),
      doc: "Is being handled until `release` is called.",
    },
  },
  out: {
    said: { schema: z.object({ text: z.string() }), doc: "What was told.", delivery: "all" },
    seen: {
      schema: z.object({ payload: z.string() }),
      doc: "The payload, as text.",
      delivery: "all",
    },
    failed: { schema: z.object({ reason: z.string() }), doc: "The end.", delivery: "all" },
    bulk: { schema: numbered, doc: "One of many that must all arrive.", delivery: "all" },
    tick: { schema: numbered, doc: "Only the newest counts.", delivery: "latest" },
  },
  roles: {},
  routes: {},
});

type Context = ServiceContext<typeof sampleContract, object>;

/** A served sample. */
export interface Sample {
  readonly url: string;
  readonly urls: readonly string[];
  readonly transport: SocketIoTransport;
  /** Faults of ours. */
  readonly logged: readonly object[];
  readonly service: RunningService;
  readonly connections: Connections;
  readonly send: Context["send"];
  /** Connections as the service gets them, and how they ended. */
  readonly opened: Inbox<Connection>;
  readonly closed: Inbox<Closed>;
  readonly invalid: Inbox<string>;
  /** Lets the handler of `wait` end. */
  release(): void;
}

export interface SampleOptions {
  readonly limits?: Partial<Limits>;
  readonly clock?: Clock;
  readonly newId?: () => string;
  readonly auth?: boolean;
  readonly origins?: "*" | readonly string[];
  /** HTTP servers in front of one transport. */
  readonly servers?: number;
}

const user: Principal = { name: "una", roles: ["user"], only: {} };

function authenticator(enabled: boolean): Authenticator {
  return {
    enabled,
    async authenticate(token) {
      if (token === "good") return user;
      throw new SwitchboardError("unauthenticated", "the token is not known here");
    },
    stillGood: () => true,
  };
}

export async function serveSample(scope: Scope, options: SampleOptions = {}): Promise<Sample> {
  const { clock = systemClock, origins = "*" } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const auth = authenticator(options.auth ?? false);
  const logged: object[] = [];
  const logger = {
    debug: () => {},
    info: () => {},
    warn: () => {},
    error: (fields: object) => void logged.push(fields),
  };
  let ids = 0;
  const newId = options.newId ?? (() => `id-${++ids}`);
  const engine = scope.own(await openMemoryEngine(), (open) => open.close());
  const opened = new Inbox<Connection>("connection");
  const closed = new Inbox<Closed>("end of a connection");
  const invalid = new Inbox<string>("invalid event");
  let context: Context | undefined;
  let release = () => {};
  const sample = defineService({
    contract: sampleContract,
    config: z.object({}),
    async start(given) {
      context = given;
      return {
        opened: (connection) => opened.push(connection),
        closed: (_connection, how) => closed.push(how),
        invalid: (_connection, { name, error }) => invalid.push(`${name}: ${error.code}`),
        on: {
          say: (connection, { text }) => given.send(connection, "said", { text }),
          nothing: (connection, payload) =>
            given.send(connection, "seen", { payload: String(JSON.stringify(payload)) }),
          fail: (connection) => {
            given.send(connection, "failed", { reason: "as you wish" });
            given.close(connection, "done", "failed");
          },
          wait: () =>
            new Promise((resolve) => {
              release = resolve;
            }),
        },
        routes: {},
      };
    },
  });
  const connections = new Connections({
    clock,
    turn: new Turn(),
    limits,
    authenticator: auth,
    newId,
  });
  scope.own(connections, (open) => open.stop());
  const service = scope.own(
    await RunningService.start(sample, {
      config: {},
      limits,
      engine,
      clock,
      logger,
      authEnabled: auth.enabled,
      newId,
    }),
    (running) => running.stop(),
  );
  const transport = createSocketIoTransport({
    service,
    connections,
    authenticator: auth,
    limits,
    guard: new OriginGuard(
      { origins, allowedHosts: [], authEnabled: auth.enabled, onLoopback: false },
      logger,
    ),
    clock,
    logger,
  });
  const urls: string[] = [];
  for (let n = 0; n < (options.servers ?? 1); n++) {
    const server = createServer((request, response) => transport.handleRequest(request, response));
    server.on("upgrade", (request, socket, head) => transport.handleUpgrade(request, socket, head));
    scope.own(server, async (open) => {
      open.closeAllConnections();
      await new Promise((resolve) => open.close(resolve));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    urls.push(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  }
  scope.own(transport, (open) => open.close());
  const [url = ""] = urls;
  const send: Context["send"] = (...message) => context?.send(...message);
  return {
    url,
    urls,
    logged,
    transport,
    service,
    connections,
    send,
    opened,
    closed,
    invalid,
    release: () => release(),
  };
}

/** Makes a message a kilobyte long. */
export const pad = "x".repeat(1000);

/** A turn of the event loop, after which what was sent has been written. */
export async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

/** Sends messages, one a turn, until `enough`. Returns how many. */
export async function pour(
  sample: Sample,
  connection: Connection,
  name: "bulk" | "tick",
  enough: (n: number) => boolean,
): Promise<number> {
  for (let n = 0; ; n++) {
    if (enough(n)) return n;
    sample.send(connection, name, { n, pad });
    await turn();
  }
}
