/** A service behind the WebSocket transport on a real HTTP server, whose writes to its sockets are noted. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { z } from "zod";
import { eventually } from "../../../test/support/inbox.ts";
import type { Scope } from "../../../test/support/scope.ts";
import { defaultLimits, defineContract, type Limits, namedBy } from "../../contract/index.ts";
import { systemClock } from "../../kit/clock.ts";
import type { Closed, Connection } from "../../kit/connection.ts";
import { Connections } from "../../kit/connections.ts";
import { Entrance } from "../../kit/entrance.ts";
import { startService } from "../../kit/kit.fixture.ts";
import { OriginGuard } from "../../kit/origin-guard.ts";
import { type Authenticator, anybody } from "../../kit/principal.ts";
import { defineService, type ServiceContext } from "../../kit/service.ts";
import { Turn } from "../../kit/turn.ts";
import { WebSocketTransport } from "./websocket-transport.ts";

const contract = defineContract({
  name: "lab",
  doc: "",
  transport: "websocket",
  paths: ["/lab"],
  codec: namedBy("type"),
  in: {
    burst: {
      roles: "any",
      doc: "Answers with so many items at once.",
      schema: z.object({ n: z.int(), close: z.boolean().optional() }),
    },
    echo: { roles: "any", doc: "Answers in a later turn.", schema: z.object({ n: z.int() }) },
  },
  out: {
    item: {
      doc: "",
      delivery: "all",
      schema: z.object({ n: z.number(), filler: z.exactOptional(z.string().max(1 << 24)) }),
    },
    newest: { doc: "", delivery: "latest", schema: z.object({ n: z.number() }) },
  },
  routes: {},
  roles: {},
});

/** What a test sees of the server's side. */
export interface Served {
  readonly url: string;
  readonly context: ServiceContext<typeof contract, unknown>;
  readonly connections: Connections;
  readonly transport: WebSocketTransport;
  readonly entrance: Entrance;
  /** The sockets in the order of their coming, and what was written to each, the answer to the upgrade first. */
  readonly sockets: readonly { readonly socket: Duplex; readonly writes: readonly Uint8Array[] }[];
  /** The service's connections, in the order of their opening, also those that have ended. */
  readonly opened: readonly Connection[];
  /** The numbers that were echoed. */
  readonly echoed: readonly number[];
  /** Resolves to how the service's nth connection ended. */
  closed(nth: number): Promise<Closed>;
}

export interface ServeOptions {
  readonly limits?: Partial<Limits>;
  readonly authenticator?: Authenticator;
  readonly origins?: "*" | readonly string[];
}

const authOff: Authenticator = {
  enabled: false,
  authenticate: async () => anybody,
  stillGood: () => true,
};

/** Starts one, in a test: what it opens ends with the scope. */
export async function serve(
  scope: Scope,
  { limits = {}, authenticator = authOff, origins = "*" }: ServeOptions = {},
): Promise<Served> {
  const opened: Connection[] = [];
  const echoed: number[] = [];
  const ends = new Map<number, PromiseWithResolvers>();
  const endOf = (nth: number) => {
    const present = ends.get(nth) ?? withResolvers();
    ends.set(nth, present);
    return present;
  };
  let given: ServiceContext<typeof contract, unknown> | undefined;
  const { service, logger } = await startService(
    defineService({
      contract,
      config: z.object({}),
      async start(context: ServiceContext<typeof contract, unknown>) {
        given = context;
        return {
          opened: (connection: Connection) => {
            opened.push(connection);
          },
          on: {
            burst(connection, { n, close }) {
              for (let i = 0; i < n; i++) context.send(connection, "item", { n: i });
              if (close === true) context.close(connection, "done", "as asked");
            },
            async echo(connection, { n }) {
              await new Promise((resolve) => setImmediate(resolve));
              echoed.push(n);
              context.send(connection, "item", { n });
            },
          },
          closed: (connection: Connection, closed: Closed) =>
            endOf(opened.indexOf(connection)).resolve(closed),
          routes: {},
        };
      },
    }),
    { auth: authenticator.enabled, limits },
  );
  if (given === undefined) throw new Error("the service has not been started");

  let lastId = 0;
  const all = { ...defaultLimits, ...limits };
  const connections = new Connections({
    clock: systemClock,
    turn: new Turn(),
    limits: all,
    authenticator,
    newId: () => `c${++lastId}`,
  });
  scope.own(connections, () => connections.stop());
  const entrance = new Entrance([service], authenticator.enabled);
  const transport = scope.own(
    new WebSocketTransport({
      connections,
      authenticator,
      clock: systemClock,
      guard: new OriginGuard(
        { origins, allowedHosts: [], authEnabled: authenticator.enabled, onLoopback: false },
        logger,
      ),
    }),
    (one) => one.close(),
  );

  const sockets: { socket: Duplex; writes: Uint8Array[] }[] = [];
  const server = createServer();
  server.on("upgrade", (request, socket, head) => {
    sockets.push({ socket, writes: notedWrites(socket) });
    transport.handleUpgrade(request, socket, head, entrance);
  });
  scope.own(server, async () => {
    for (const { socket } of sockets) socket.destroy();
    server.close();
    await once(server, "close");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/lab`,
    context: given,
    connections,
    transport,
    entrance,
    sockets,
    opened,
    echoed,
    closed: (nth) => endOf(nth).promise,
  };
}

/** The connection that the service was given as its nth. */
export async function connectionOf(served: Served, nth = 0): Promise<Connection> {
  const { [nth]: connection } = await eventually(
    `connection ${nth}`,
    async () => served.opened,
    (opened) => opened.length > nth,
  );
  if (connection === undefined) throw new Error("checked above");
  return connection;
}

/** What the first socket has been given and has not sent. */
export function unsentBytesOf({ sockets }: Served): number {
  return sockets[0]?.socket.writableLength ?? 0;
}

/** Notes, from now on, everything that is written to a socket. */
function notedWrites(socket: Duplex): Uint8Array[] {
  const writes: Uint8Array[] = [];
  const write = socket.write.bind(socket) as (...of: unknown[]) => boolean;
  socket.write = (...of: unknown[]) => {
    const [chunk] = of;
    writes.push(typeof chunk === "string" ? Buffer.from(chunk) : (chunk as Uint8Array));
    return write(...of);
  };
  return writes;
}

interface PromiseWithResolvers {
  readonly promise: Promise<Closed>;
  readonly resolve: (closed: Closed) => void;
}

function withResolvers(): PromiseWithResolvers {
  let resolve: (closed: Closed) => void = () => {};
  const promise = new Promise<Closed>((set) => {
    resolve = set;
  });
  return { promise, resolve };
}
