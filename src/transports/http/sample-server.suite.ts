/** For the tests of this folder: a small service, really served, and a raw connection to it. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { z } from "zod";
import { within } from "../../../test/support/inbox.ts";
import type { Scope } from "../../../test/support/scope.ts";
import { defaultLimits, defineContract, type Limits } from "../../contract/index.ts";
import { openMemoryEngine } from "../../engines/memory/index.ts";
import { ByteBudget } from "../../kit/byte-budget.ts";
import { systemClock } from "../../kit/clock.ts";
import { OriginGuard } from "../../kit/origin-guard.ts";
import type { Authenticator, Principal } from "../../kit/principal.ts";
import { dataAnswer } from "../../kit/request.ts";
import { RunningService } from "../../kit/running-service.ts";
import { defineService } from "../../kit/service.ts";
import { SwitchboardError } from "../../wire/error.ts";
import {
  configureHttpServer,
  createHttpHandler,
  type HttpOperation,
  RequestCount,
  RequestTurns,
} from "./index.ts";

const anything = z.object({});

const shelfContract = defineContract({
  name: "shelf",
  doc: "Boxes on a shelf.",
  transport: "websocket",
  paths: ["/shelf"],
  in: {},
  out: {},
  roles: { keeper: "may open the safe" },
  routes: {
    box: {
      roles: "any",
      method: "GET",
      path: "/boxes/:id",
      doc: "Shows a box.",
      params: z.object({
        id: z.string().max(1000),
        note: z.string().max(1000).optional(),
        token: z.string().max(1000).optional(),
      }),
    },
    fill: {
      roles: "any",
      method: "PUT",
      path: "/boxes/:id",
      doc: "Fills a box.",
      params: z.object({ id: z.string().max(1000) }),
      body: z.object({ size: z.number() }),
    },
    add: {
      roles: "any",
      method: "POST",
      path: "/boxes",
      doc: "Adds anything.",
      params: anything,
      body: z.unknown(),
    },
    open: {
      method: "POST",
      path: "/open",
      doc: "Takes anything from anybody.",
      params: anything,
      body: z.unknown(),
      roles: "open",
    },
    many: {
      method: "POST",
      path: "/many",
      doc: "Counts many values.",
      params: anything,
      body: z.array(z.number()).max(100_000),
      maxJsonValues: 100_000,
      roles: "any",
    },
    raw: {
      roles: "any",
      method: "POST",
      path: "/raw",
      doc: "Counts the characters of a body.",
      params: anything,
    },
    ignored: {
      roles: "any",
      method: "POST",
      path: "/ignored",
      doc: "Does not look at its body.",
      params: anything,
    },
    numbers: {
      roles: "any",
      method: "GET",
      path: "/numbers",
      doc: "Streams lines.",
      params: z.object({ lines: z.coerce.number(), fail: z.string().max(1000).optional() }),
    },
    slow: {
      roles: "any",
      method: "GET",
      path: "/slow",
      doc: "Answers when the request has ended.",
      params: anything,
    },
    window: {
      method: "GET",
      path: "/window",
      doc: "Open to all.",
      params: anything,
      roles: "open",
    },
    safe: {
      method: "GET",
      path: "/safe",
      doc: "For keepers.",
      params: anything,
      roles: ["keeper"],
    },
    text: {
      method: "GET",
      path: "/text",
      doc: "Text with headers of its own.",
      params: anything,
      roles: "open",
    },
    away: { method: "GET", path: "/away", doc: "A redirect.", params: anything, roles: "open" },
    broken: { method: "GET", path: "/broken", doc: "Throws.", params: anything, roles: "open" },
  },
});

/** A served shelf. */
export interface Served {
  readonly url: string;
  readonly port: number;
  readonly server: Server;
  readonly requests: RequestCount;
  readonly turns: RequestTurns;
  readonly answers: ByteBudget;
  readonly input: ByteBudget;
  /** Errors that were logged. */
  readonly logged: unknown[];
  /** Called when a slow request's signal is aborted. */
  readonly slowEnded: Promise<void>;
}

export interface ServeOptions {
  readonly limits?: Partial<Limits>;
  readonly origins?: "*" | readonly string[];
  readonly auth?: boolean;
  readonly operations?: readonly HttpOperation[];
  /** Takes the upgrades to WebSockets. */
  readonly upgraded?: (incoming: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

const keeper: Principal = { name: "kim", roles: ["keeper"], only: {} };
const visitor: Principal = { name: "vic", roles: ["visitor"], only: {} };

function authenticator(enabled: boolean): Authenticator {
  return {
    enabled,
    async authenticate(token) {
      if (token === "keeper") return keeper;
      if (token === "visitor") return visitor;
      throw new SwitchboardError("unauthenticated", "the token is not known here");
    },
    stillGood: () => true,
  };
}

/** Serves the shelf on a free port; it ends with the scope. */
export async function serve(scope: Scope, options: ServeOptions = {}): Promise<Served> {
  const limits = { ...defaultLimits, ...options.limits };
  const logged: unknown[] = [];
  const logger = {
    debug: () => {},
    info: () => {},
    warn: () => {},
    error: (fields: object) => void logged.push(fields),
  };
  const engine = scope.own(await openMemoryEngine(), (opened) => opened.close());
  let tellSlow: () => void = () => {};
  const slowEnded = new Promise<void>((resolve) => {
    tellSlow = resolve;
  });
  const shelf = defineService({
    contract: shelfContract,
    config: anything,
    async start() {
      return {
        on: {},
        routes: {
          box: ({ params, request }) => dataAnswer({ ...params, method: request.method }),
          fill: ({ params, body }) => dataAnswer({ id: params.id, size: body.size }),
          add: ({ body }) => dataAnswer({ body }, { status: 201 }),
          open: () => dataAnswer("taken"),
          many: ({ body }) => dataAnswer(body.length),
          raw: async ({ request }) =>
            dataAnswer({
              length: (await request.text()).length,
              note: request.headers.get("x-note"),
            }),
          ignored: () => dataAnswer("ignored"),
          numbers: ({ params }) =>
            new Response(lines(params.lines, params.fail !== undefined) as unknown as BodyInit),
          slow: async ({ request }) => {
            await new Promise((resolve) => request.signal.addEventListener("abort", resolve));
            tellSlow();
            return dataAnswer("too late");
          },
          window: ({ principal }) => dataAnswer(principal.name),
          safe: ({ principal }) => dataAnswer(principal.name),
          text: () =>
            new Response("hello", {
              headers: { "content-type": "text/plain", "cache-control": "max-age=60" },
            }),
          away: () => Response.redirect("http://127.0.0.1/elsewhere"),
          broken: () => {
            throw new TypeError("a fault of ours");
          },
        },
      };
    },
  });
  let ids = 0;
  const newId = () => `id-${++ids}`;
  const auth = authenticator(options.auth ?? false);
  const service = scope.own(
    await RunningService.start(shelf, {
      config: {},
      limits,
      engine,
      clock: systemClock,
      logger,
      authEnabled: auth.enabled,
      newId,
    }),
    (running) => running.stop(),
  );
  const requests = new RequestCount();
  const answers = new ByteBudget({
    total: limits.maxAnswerBytes,
    perAddress: limits.maxAnswerBytesPerAddress,
  });
  const input = new ByteBudget({
    total: limits.maxInputBytes,
    perAddress: limits.maxInputBytesPerAddress,
  });
  const turns = new RequestTurns({
    limits,
    answers,
    clock: systemClock,
    requests,
    failed(error) {
      throw error;
    },
  });
  const handler = createHttpHandler({
    services: [service],
    authenticator: auth,
    limits,
    guard: new OriginGuard(
      {
        origins: options.origins ?? "*",
        allowedHosts: [],
        authEnabled: auth.enabled,
        onLoopback: false,
      },
      logger,
    ),
    clock: systemClock,
    logger,
    requests,
    answers,
    input,
    operations: options.operations ?? [],
    newId,
  });
  const server = createServer((incoming, outgoing) =>
    turns.request(incoming, outgoing, () =>
      handler(incoming, outgoing, (path) => path === "/shelf"),
    ),
  );
  server.on("upgrade", (incoming, socket, head) =>
    turns.upgrade(incoming, socket, head, () => options.upgraded?.(incoming, socket, head)),
  );
  configureHttpServer(server, limits);
  turns.watch(server);
  scope.own(server, async (open) => {
    open.closeAllConnections();
    await new Promise((resolve) => open.close(resolve));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  return { url, port, server, requests, turns, answers, input, logged, slowEnded };
}

async function* lines(count: number, fail: boolean): AsyncGenerator<Uint8Array> {
  for (let n = 0; n < count; n++) yield Buffer.from(`${n}\n`);
  if (fail) throw new Error("the source broke");
}

/** Status, code and message of an error answer. */
export async function errorOf(
  response: Response,
): Promise<{ status: number; code: string; message: string }> {
  const { error } = (await response.json()) as { error: { code: string; message: string } };
  return { status: response.status, ...error };
}

/** A raw connection, and all that comes over it. */
class RawClient {
  readonly socket: Socket;
  received = "";
  readonly ended: Promise<void>;

  constructor(port: number) {
    this.socket = connect(port, "127.0.0.1");
    this.socket.setEncoding("latin1").on("data", (text: string) => {
      this.received += text;
    });
    this.socket.on("error", () => {});
    this.ended = new Promise((resolve) => this.socket.once("close", () => resolve()));
  }

  /** Waits until what was received matches. */
  async receive(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.received)) {
      await within(
        Promise.race([once(this.socket, "data"), this.ended]),
        `${pattern} in ${JSON.stringify(this.received)}`,
      );
      if (this.socket.destroyed && !pattern.test(this.received))
        throw new Error(`no ${pattern} in ${JSON.stringify(this.received)}`);
    }
    return this.received;
  }
}

/** Connects; it ends with the scope. */
export function rawClient(scope: Scope, port: number): RawClient {
  return scope.own(new RawClient(port), (client) => client.socket.destroy());
}
