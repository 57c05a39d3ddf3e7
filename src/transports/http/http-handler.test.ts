/** HTTP as clients see it, on a real server with a small service. */
import { once } from "node:events";
import { createServer, type IncomingMessage, request as nodeRequest, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { within } from "../../../test/support/inbox.ts";
import { type Scope, scopePerTest } from "../../../test/support/scope.ts";
import { defaultLimits, defineContract, type Limits } from "../../contract/index.ts";
import { openMemoryEngine } from "../../engines/memory/index.ts";
import { systemClock } from "../../kit/clock.ts";
import type { Authenticator, Principal } from "../../kit/principal.ts";
import { dataAnswer } from "../../kit/request.ts";
import { RunningService } from "../../kit/running-service.ts";
import { defineService } from "../../kit/service.ts";
import { SwitchboardError } from "../../wire/error.ts";
import { configureHttpServer, createHttpHandler, type HttpOperation, RequestCount } from "./index.ts";

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
      method: "GET",
      path: "/boxes/:id",
      doc: "Shows a box.",
      params: z.object({ id: z.string(), note: z.string().optional(), token: z.string().optional() }),
    },
    fill: {
      method: "PUT",
      path: "/boxes/:id",
      doc: "Fills a box.",
      params: z.object({ id: z.string() }),
      body: z.object({ size: z.number() }),
    },
    add: { method: "POST", path: "/boxes", doc: "Adds anything.", params: anything, body: z.unknown() },
    raw: { method: "POST", path: "/raw", doc: "Counts the characters of a body.", params: anything },
    ignored: { method: "POST", path: "/ignored", doc: "Does not look at its body.", params: anything },
    numbers: {
      method: "GET",
      path: "/numbers",
      doc: "Streams lines.",
      params: z.object({ lines: z.coerce.number(), fail: z.string().optional() }),
    },
    slow: { method: "GET", path: "/slow", doc: "Answers when the request has ended.", params: anything },
    window: { method: "GET", path: "/window", doc: "Open to all.", params: anything, auth: "open" },
    safe: { method: "GET", path: "/safe", doc: "For keepers.", params: anything, roles: ["keeper"] },
    text: { method: "GET", path: "/text", doc: "Text with headers of its own.", params: anything, auth: "open" },
    away: { method: "GET", path: "/away", doc: "A redirect.", params: anything, auth: "open" },
    broken: { method: "GET", path: "/broken", doc: "Throws.", params: anything, auth: "open" },
  },
});

interface Served {
  readonly url: string;
  readonly port: number;
  readonly server: Server;
  readonly requests: RequestCount;
  /** Errors that were logged. */
  readonly logged: unknown[];
  /** Called when a slow request's signal is aborted. */
  readonly slowEnded: Promise<void>;
}

interface ServeOptions {
  readonly limits?: Partial<Limits>;
  readonly origins?: "*" | readonly string[];
  readonly auth?: boolean;
  readonly operations?: readonly HttpOperation[];
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

async function serve(scope: Scope, options: ServeOptions = {}): Promise<Served> {
  const limits = { ...defaultLimits, ...options.limits };
  const logged: unknown[] = [];
  const logger = { debug: () => {}, info: () => {}, warn: () => {}, error: (fields: object) => void logged.push(fields) };
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
          raw: async ({ request }) => dataAnswer({ length: (await request.text()).length, note: request.headers.get("x-note") }),
          ignored: () => dataAnswer("ignored"),
          numbers: ({ params }) => new Response(lines(params.lines, params.fail !== undefined) as unknown as BodyInit),
          slow: async ({ request }) => {
            await new Promise((resolve) => request.signal.addEventListener("abort", resolve));
            tellSlow();
            return dataAnswer("too late");
          },
          window: ({ principal }) => dataAnswer(principal.name),
          safe: ({ principal }) => dataAnswer(principal.name),
          text: () => new Response("hello", { headers: { "content-type": "text/plain", "cache-control": "max-age=60" } }),
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
    await RunningService.start(shelf, { config: {}, limits, engine, clock: systemClock, logger, authEnabled: auth.enabled, newId }),
    (running) => running.stop(),
  );
  const requests = new RequestCount();
  const handler = createHttpHandler({
    services: [service],
    authenticator: auth,
    limits,
    cors: { origins: options.origins ?? "*" },
    clock: systemClock,
    logger,
    requests,
    operations: options.operations ?? [],
    newId,
  });
  const server = createServer(handler);
  configureHttpServer(server, limits);
  scope.own(server, async (open) => {
    open.closeAllConnections();
    await new Promise((resolve) => open.close(resolve));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port, server, requests, logged, slowEnded };
}

async function* lines(count: number, fail: boolean): AsyncGenerator<Uint8Array> {
  for (let n = 0; n < count; n++) yield Buffer.from(`${n}\n`);
  if (fail) throw new Error("the source broke");
}

async function errorOf(response: Response): Promise<{ status: number; code: string; message: string }> {
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
      await within(Promise.race([once(this.socket, "data"), this.ended]), `${pattern} in ${JSON.stringify(this.received)}`);
      if (this.socket.destroyed && !pattern.test(this.received)) throw new Error(`no ${pattern} in ${JSON.stringify(this.received)}`);
    }
    return this.received;
  }
}

function rawClient(scope: Scope, port: number): RawClient {
  return scope.own(new RawClient(port), (client) => client.socket.destroy());
}

const scope = scopePerTest();

describe("routes", () => {
  test("path parameters go before query parameters, and arrive decoded", async () => {
    const { url } = await serve(scope);
    const response = await fetch(`${url}/boxes/a%2Fb%20%C3%BC%2541?id=other&note=1&note=x%20y+z&unknown=1`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ data: { id: "a/b ü%41", note: "x y z", method: "GET" } });
  });

  test("any text makes a path parameter", async () => {
    const { url } = await serve(scope);
    // Segments of dots alone are for the address itself, and clients take them out.
    const texts = fc.string({ unit: "binary", minLength: 1, maxLength: 20 }).filter((text) => !/^\.{1,2}$/.test(text));
    await fc.assert(
      fc.asyncProperty(texts, async (id) => {
        const response = await fetch(`${url}/boxes/${encodeURIComponent(id)}`);
        expect(await response.json()).toEqual({ data: { id, method: "GET" } });
      }),
      { numRuns: 100 },
    );
  });

  test("the token is no parameter", async () => {
    const { url } = await serve(scope, { auth: true });
    const response = await fetch(`${url}/boxes/1?token=visitor`);
    expect(await response.json()).toEqual({ data: { id: "1", method: "GET" } });
  });

  test("an unknown path is 404, a known one with another method 405 with what it takes", async () => {
    const { url } = await serve(scope);
    expect(await errorOf(await fetch(`${url}/nowhere`))).toMatchObject({ status: 404, code: "not_found" });
    expect(await errorOf(await fetch(`${url}/boxes/1/`))).toMatchObject({ status: 404 });
    const response = await fetch(`${url}/boxes/1`, { method: "POST", body: "{}" });
    expect(response.headers.get("allow")).toBe("GET, PUT, HEAD, OPTIONS");
    expect(await errorOf(response)).toMatchObject({ status: 405, code: "method_not_allowed" });
    const patch = await fetch(`${url}/boxes`, { method: "PATCH", body: "{}" });
    expect([patch.status, patch.headers.get("allow")]).toEqual([405, "POST, OPTIONS"]);
    const head = await fetch(`${url}/boxes`, { method: "HEAD" });
    expect(head.status).toBe(405);
  });

  test("HEAD is GET without the body", async () => {
    const { url } = await serve(scope);
    const get = await fetch(`${url}/boxes/1`);
    const head = await fetch(`${url}/boxes/1`, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
    expect(head.headers.get("content-length")).toBe(String((await get.text()).length));
  });

  test.each(["/boxes/%", "/boxes/%zz", "/boxes/%ff", "/nowhere?x=%C3"])("the bad escape in %s is 400", async (path) => {
    const { port } = await serve(scope);
    const client = rawClient(scope, port);
    client.socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
    expect(await client.receive(/\}\}$/)).toMatch(/^HTTP\/1\.1 400 [\s\S]*bad_message/);
  });

  test.each(["//", "/\\evil", "*", "http://[/boxes/1"])("the address %s does no harm", async (path) => {
    const { port, url } = await serve(scope);
    const client = rawClient(scope, port);
    client.socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
    expect(await client.receive(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect((await fetch(`${url}/boxes/1`)).status).toBe(200);
  });

  test("TRACE, a broken Host and HTTP/1.0 without one are answered", async () => {
    const { port } = await serve(scope);
    const trace = rawClient(scope, port);
    trace.socket.write("TRACE /boxes/1 HTTP/1.1\r\nHost: x\r\n\r\n");
    expect(await trace.receive(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 405 /);
    const host = rawClient(scope, port);
    host.socket.write("GET /boxes/1 HTTP/1.1\r\nHost: a b/c\r\n\r\n");
    expect(await host.receive(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 400 /);
    const old = rawClient(scope, port);
    old.socket.write("GET /boxes/1 HTTP/1.0\r\n\r\n");
    expect(await old.receive(/\}\}$/)).toMatch(/^HTTP\/1\.1 200 /);
  });

  test("two routes of one method and path are refused at the start", async () => {
    const again: HttpOperation = { method: "GET", path: "/text", auth: "open", answer: () => new Response("again") };
    await expect(serve(scope, { operations: [again] })).rejects.toThrow("GET /text is served twice");
  });
});

describe("bodies", () => {
  test.each([undefined, "text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-8"])(
    "JSON is read with the Content-Type %s",
    async (type) => {
      const { url } = await serve(scope);
      const response = await fetch(`${url}/boxes/7`, {
        method: "PUT",
        body: Buffer.from('\ufeff {"size":3}\n'),
        headers: type === undefined ? {} : { "content-type": type },
      });
      expect(await response.json()).toEqual({ data: { id: "7", size: 3 } });
    },
  );

  test("a body in pieces is read to its end, characters cut in two included", async () => {
    const { port } = await serve(scope);
    const client = rawClient(scope, port);
    client.socket.write('POST /boxes HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n"\xc3\r\n', "latin1");
    client.socket.write('2\r\n\xbc"\r\n0\r\n\r\n', "latin1");
    const received = await client.receive(/\}\}?$/);
    expect(Buffer.from(received, "latin1").toString()).toMatch(/^HTTP\/1\.1 201 [\s\S]*\{"data":\{"body":"ü"\}\}$/);
  });

  test.each([
    ["", "missing|too early"],
    ['{"size":', "too early, at character 8"],
    ['{"size":x}', '"x\\\\?" at character 8'],
    ["[1,]", '"\\]" at character 3'],
  ])("%j is 400 bad_json and says where", async (body, message) => {
    const { url } = await serve(scope);
    const error = await errorOf(await fetch(`${url}/boxes`, { method: "POST", body }));
    expect(error).toMatchObject({ status: 400, code: "bad_json" });
    expect(error.message).toMatch(new RegExp(message));
  });

  test("no body at all, and one that is not UTF-8, are 400 bad_json", async () => {
    const { url } = await serve(scope);
    expect(await errorOf(await fetch(`${url}/boxes`, { method: "POST" }))).toMatchObject({ status: 400, code: "bad_json" });
    const latin1 = await fetch(`${url}/boxes`, { method: "POST", body: Buffer.from('"\xfc"', "latin1") });
    expect(await errorOf(latin1)).toMatchObject({ status: 400, code: "bad_json", message: expect.stringContaining("UTF-8") });
  });

  test("a body that does not fit its schema is 400 bad_message", async () => {
    const { url } = await serve(scope);
    const response = await fetch(`${url}/boxes/7`, { method: "PUT", body: '{"size":"big"}' });
    expect(await errorOf(response)).toMatchObject({ status: 400, code: "bad_message", message: expect.stringContaining("size") });
  });

  test("where no body is declared the service reads it itself, with the headers", async () => {
    const { url } = await serve(scope);
    const response = await fetch(`${url}/raw`, { method: "POST", body: "[NaN]", headers: { "x-note": "as it is" } });
    expect(await response.json()).toEqual({ data: { length: 5, note: "as it is" } });
  });

  test("exactly the limit is taken, one byte more is 413, announced or not", async () => {
    const { url } = await serve(scope, { limits: { maxBodyBytes: 1000 } });
    const post = (length: number, path: string, chunked: boolean) => {
      const body = `"${"a".repeat(length - 2)}"`;
      const stream = new Blob([body]).stream();
      return fetch(`${url}${path}`, { method: "POST", ...(chunked ? { body: stream, duplex: "half" } : { body }) } as RequestInit);
    };
    for (const chunked of [false, true]) {
      expect((await post(1000, "/boxes", chunked)).status).toBe(201);
      expect(await errorOf(await post(1001, "/boxes", chunked))).toMatchObject({ status: 413, code: "too_large" });
      expect((await post(1000, "/raw", chunked)).status).toBe(200);
      expect(await errorOf(await post(1001, "/raw", chunked))).toMatchObject({ status: 413, code: "too_large" });
    }
  });

  test("413 comes while the client is still sending, and what it sends is not read without end", async () => {
    const { port } = await serve(scope, { limits: { maxBodyBytes: 1000 } });
    const client = rawClient(scope, port);
    client.socket.write("POST /boxes HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    const chunk = `400\r\n${"a".repeat(0x400)}\r\n`;
    const sending = setInterval(() => client.socket.destroyed || client.socket.write(chunk), 20);
    scope.own(sending, clearInterval);
    expect(await client.receive(/\}\}$/)).toMatch(/^HTTP\/1\.1 413 [\s\S]*too_large/);
    await within(client.ended, "end of the endless sender");
  });

  test("a body over the limit that is announced is refused before it is sent", async () => {
    const { port } = await serve(scope, { limits: { maxBodyBytes: 1000 } });
    const client = rawClient(scope, port);
    client.socket.write("POST /boxes HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000000\r\n\r\n");
    expect(await client.receive(/\}\}$/)).toMatch(/^HTTP\/1\.1 413 /);
  });

  test("a body that nobody reads does not stand in the way of the next request", async () => {
    const { port } = await serve(scope);
    const client = rawClient(scope, port);
    const body = "x".repeat(100_000);
    for (let n = 0; n < 3; n++) {
      client.received = "";
      client.socket.write(`POST /ignored HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
      expect(await client.receive(/"ignored"\}$/)).toMatch(/^HTTP\/1\.1 200 /);
    }
  });

  test("a client that goes in the middle of its body disturbs nobody", async () => {
    const { port, url, requests, logged } = await serve(scope);
    for (const path of ["/boxes", "/raw"]) {
      const client = rawClient(scope, port);
      client.socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"a`);
      await once(client.socket, "connect");
      client.socket.destroy();
    }
    const counted = () => [...requests.entries()].filter(([route]) => route.startsWith("POST")).length;
    while (counted() < 2) expect((await fetch(`${url}/boxes/1`)).status).toBe(200);
    expect([...requests.entries()].filter(([route]) => route.startsWith("POST"))).toEqual([
      ["POST /boxes", "400", 1],
      ["POST /raw", "400", 1],
    ]);
    expect(logged).toEqual([]);
  });
});

describe("answers", () => {
  test("have the headers of an API, their own length, and those that the service gave", async () => {
    const { url } = await serve(scope);
    const data = await fetch(`${url}/boxes/ü`);
    expect(Object.fromEntries(data.headers)).toMatchObject({
      "content-type": "application/json; charset=utf-8",
      "content-length": String(Buffer.byteLength(await data.text())),
      "x-content-type-options": "nosniff",
      "cache-control": "no-store",
    });
    const text = await fetch(`${url}/text`);
    expect(Object.fromEntries(text.headers)).toMatchObject({ "content-type": "text/plain", "cache-control": "max-age=60" });
    expect(await text.text()).toBe("hello");
    const away = await fetch(`${url}/away`, { redirect: "manual" });
    expect([away.status, away.headers.get("location")]).toEqual([302, "http://127.0.0.1/elsewhere"]);
  });

  test("a fault of ours is 500 with an incident that is in the log", async () => {
    const { url, logged } = await serve(scope);
    const error = await errorOf(await fetch(`${url}/broken`));
    expect(error).toMatchObject({ status: 500, code: "internal" });
    expect(error.message).not.toContain("a fault of ours");
    const [entry] = logged as { incident: string }[];
    expect(error.message).toContain(entry?.incident);
  });

  test("streams arrive whole", async () => {
    const { url } = await serve(scope);
    const text = await (await fetch(`${url}/numbers?lines=20000`)).text();
    expect(text.split("\n").length).toBe(20_001);
  });

  test("a stream that fails is cut off, so that it cannot be taken for whole, and logged", async () => {
    const { url, logged } = await serve(scope);
    const response = await fetch(`${url}/numbers?lines=10&fail=1`);
    await expect(response.text()).rejects.toThrow();
    expect(logged).toEqual([{ route: "GET /numbers", err: new Error("the source broke") }]);
    expect((await fetch(`${url}/boxes/1`)).status).toBe(200);
  });

  test("are counted by route and status", async () => {
    const { url, requests } = await serve(scope);
    for (const path of ["/boxes/1", "/boxes/2", "/nowhere", "/broken", "/boxes/%zz"]) await (await fetch(`${url}${path}`)).text();
    expect([...requests.entries()]).toEqual([
      ["GET /boxes/:id", "200", 2],
      ["none", "404", 1],
      ["none", "400", 1],
      ["GET /broken", "500", 1],
    ]);
  });
});

describe("time", () => {
  test("an answer that takes too long is 504, and its request is told", async () => {
    const { url, slowEnded } = await serve(scope, { limits: { requestTimeoutMs: 100 } });
    const response = await fetch(`${url}/slow`);
    expect(await errorOf(response)).toMatchObject({ status: 504, code: "timeout" });
    await within(slowEnded, "the abort of the slow request");
  });

  test("a body that stops coming is 504", async () => {
    const { port } = await serve(scope, { limits: { requestTimeoutMs: 100 } });
    const client = rawClient(scope, port);
    client.socket.write('POST /boxes HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"a');
    expect(await client.receive(/\}\}$/)).toMatch(/^HTTP\/1\.1 504 [\s\S]*timeout/);
  });

  test("a request whose client has gone is told", async () => {
    const { url, slowEnded, requests } = await serve(scope);
    const leaving = new AbortController();
    const answer = fetch(`${url}/slow`, { signal: leaving.signal });
    await fetch(`${url}/boxes/1`);
    leaving.abort();
    await expect(answer).rejects.toThrow();
    await within(slowEnded, "the abort of the left request");
    expect([...requests.entries()].map(([route]) => route)).toContain("GET /boxes/:id");
  });

  test("idle connections live longer than those of clients with pools", async () => {
    const { server, port } = await serve(scope);
    expect(server.keepAliveTimeout).toBeGreaterThan(75_000);
    expect(server.headersTimeout).toBeGreaterThan(server.keepAliveTimeout);
    const client = rawClient(scope, port);
    for (let n = 0; n < 3; n++) {
      client.received = "";
      client.socket.write("GET /boxes/1 HTTP/1.1\r\nHost: x\r\n\r\n");
      expect(await client.receive(/\}\}$/)).toMatch(/\r\nKeep-Alive: timeout=80\r\n/);
    }
  });

  test("who does not read a download is cut off", async () => {
    const { port, server } = await serve(scope, { limits: { idleTimeoutMs: 300, requestTimeoutMs: 100 } });
    expect(server.timeout).toBe(5100);
    server.timeout = 300;
    const request = nodeRequest({ port, path: "/numbers?lines=100000000", agent: false });
    request.on("error", () => {});
    const arrived = once(request, "response");
    request.end();
    const [response] = (await arrived) as [IncomingMessage];
    response.on("error", () => {});
    scope.own(response, (open) => open.destroy());
    const [left] = await within(
      (async () => {
        while ((await connectionCount(server)) > 0) await new Promise((resolve) => setTimeout(resolve, 20));
        return [true];
      })(),
      "the end of the download that nobody reads",
    );
    expect(left).toBe(true);
  });
});

function connectionCount(server: Server): Promise<number> {
  return new Promise((resolve, reject) => server.getConnections((error, count) => (error ? reject(error) : resolve(count))));
}

describe("tokens", () => {
  test("none and a bad one are 401 with the scheme, a wrong role is 403", async () => {
    const { url } = await serve(scope, { auth: true });
    for (const request of [fetch(`${url}/safe`), fetch(`${url}/safe`, { headers: { authorization: "Bearer nonsense" } })]) {
      const response = await request;
      expect(response.headers.get("www-authenticate")).toBe("Bearer");
      expect(await errorOf(response)).toMatchObject({ status: 401, code: "unauthenticated" });
    }
    expect(await errorOf(await fetch(`${url}/safe?token=visitor`))).toMatchObject({ status: 403, code: "forbidden" });
  });

  test("good ones come in the header, in any case, or in the query", async () => {
    const { url } = await serve(scope, { auth: true });
    for (const authorization of ["Bearer keeper", "bearer keeper"]) {
      expect(await (await fetch(`${url}/safe`, { headers: { authorization } })).json()).toEqual({ data: "kim" });
    }
    expect(await (await fetch(`${url}/safe?token=keeper`)).json()).toEqual({ data: "kim" });
  });

  test("open routes never ask, not even about a bad one", async () => {
    const { url } = await serve(scope, { auth: true });
    expect(await (await fetch(`${url}/window?token=nonsense`)).json()).toEqual({ data: "anybody" });
  });

  test("who has not shown who it is sends no body into memory", async () => {
    const { port } = await serve(scope, { auth: true });
    const client = rawClient(scope, port);
    client.socket.write("POST /boxes HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n[");
    expect(await client.receive(/\}\}$/)).toMatch(/^HTTP\/1\.1 401 /);
  });

  test("with auth off nobody is asked", async () => {
    const { url } = await serve(scope);
    expect(await (await fetch(`${url}/safe`)).json()).toEqual({ data: "anybody" });
  });
});

describe("the gateway's own paths", () => {
  const operations: readonly HttpOperation[] = [
    { method: "GET", path: "/files/*", auth: "open", answer: (request) => new Response(new URL(request.url).pathname) },
    { method: "GET", path: "/healthz", auth: "open", answer: () => new Response("ok") },
    { method: "GET", path: "/metrics", auth: ["keeper"], answer: () => new Response("1") },
    { method: "POST", path: "/fail", auth: "open", answer: () => Promise.reject(new Error("a fault of ours")) },
    { method: "POST", path: "/throw", auth: "open", answer: () => Promise.reject("no error at all") },
    { method: "GET", path: "/files/special", auth: "open", answer: () => new Response("special") },
  ];

  test("are served beside the services', with roles of their own", async () => {
    const { url } = await serve(scope, { auth: true, operations });
    expect(await (await fetch(`${url}/healthz`)).text()).toBe("ok");
    expect(await errorOf(await fetch(`${url}/metrics`))).toMatchObject({ status: 401 });
    expect(await errorOf(await fetch(`${url}/metrics?token=visitor`))).toMatchObject({ status: 403 });
    expect(await (await fetch(`${url}/metrics?token=keeper`)).text()).toBe("1");
    expect(await (await fetch(`${url}/files/a/b`)).text()).toBe("/files/a/b");
    expect(await (await fetch(`${url}/files/special`)).text()).toBe("special");
  });

  test("a fault of theirs is ours", async () => {
    const { url, logged } = await serve(scope, { operations });
    expect(await errorOf(await fetch(`${url}/fail`, { method: "POST" }))).toMatchObject({ status: 500, code: "internal" });
    expect(await errorOf(await fetch(`${url}/throw`, { method: "POST" }))).toMatchObject({ status: 500, code: "internal" });
    expect(logged).toHaveLength(2);
  });
});

describe("other origins", () => {
  test("all may read by default, errors too", async () => {
    const { url } = await serve(scope);
    for (const path of ["/boxes/1", "/nowhere", "/broken"]) {
      const response = await fetch(`${url}${path}`, { headers: { origin: "https://page.example" } });
      expect(response.headers.get("access-control-allow-origin")).toBe("*");
    }
  });

  test("a preflight is answered without a token", async () => {
    const { url } = await serve(scope, { auth: true });
    const response = await fetch(`${url}/boxes/1`, {
      method: "OPTIONS",
      headers: {
        origin: "https://page.example",
        "access-control-request-method": "PUT",
        "access-control-request-headers": "authorization,content-type",
      },
    });
    expect(response.status).toBe(204);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "access-control-allow-origin": "*",
      "access-control-allow-methods": "GET,HEAD,POST,PUT,DELETE",
      "access-control-allow-headers": "authorization,content-type",
    });
  });

  test("only configured ones may, if there are any", async () => {
    const { url } = await serve(scope, { origins: ["https://page.example"] });
    const of = async (origin: string) => (await fetch(`${url}/boxes/1`, { headers: { origin } })).headers;
    expect((await of("https://page.example")).get("access-control-allow-origin")).toBe("https://page.example");
    expect((await of("https://other.example")).get("access-control-allow-origin")).toBeNull();
    expect((await of("https://other.example")).get("vary")).toContain("Origin");
  });
});

describe("what is no HTTP", () => {
  test("is 400 and the end of the connection", async () => {
    const { port } = await serve(scope);
    const client = rawClient(scope, port);
    client.socket.write("HELLO\r\n\r\n");
    expect(await client.receive(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 400 /);
    await within(client.ended, "end of the connection");
  });

  test("with too many headers is 431 and the end of the connection", async () => {
    const { port } = await serve(scope);
    const client = rawClient(scope, port);
    client.socket.write(`GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${"a".repeat(20_000)}\r\n\r\n`);
    expect(await client.receive(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 431 /);
    await within(client.ended, "end of the connection");
  });
});
