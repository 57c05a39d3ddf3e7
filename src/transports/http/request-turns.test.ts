/** Pipelined requests, upgrades behind them, and the sockets that wait. */
import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { within } from "../../../test/support/inbox.ts";
import { scopePerTest } from "../../../test/support/scope.ts";
import type { HttpOperation } from "./index.ts";
import { rawClient, serve } from "./sample-server.suite.ts";

const scope = scopePerTest();

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
const upgrade = (path: string, to = "websocket") =>
  `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: ${to}\r\n\r\n`;

const count = (text: string, part: string) => text.split(part).length - 1;

/** Answers that end when they are told to. */
function gatedOperation() {
  const started: string[] = [];
  const finish: (() => void)[] = [];
  const operation: HttpOperation = {
    method: "GET",
    path: "/gated/*",
    roles: "open",
    kind: "page",
    answer: async (request) => {
      const { pathname } = new URL(request.url);
      started.push(pathname);
      await new Promise<void>((resolve) => finish.push(resolve));
      return new Response(pathname);
    },
  };
  return { started, finish, operation };
}

describe("pipelined requests", () => {
  test("are handled one after another, and answered in order", async () => {
    const { started, finish, operation } = gatedOperation();
    const { port } = await serve(scope, { operations: [operation] });
    const client = rawClient(scope, port);
    client.socket.write(get("/gated/a") + get("/gated/b") + get("/gated/c"));
    for (const name of ["a", "b", "c"]) {
      await expect.poll(() => started.at(-1)).toBe(`/gated/${name}`);
      finish.shift()?.();
      await client.receive(new RegExp(`/gated/${name}$`));
    }
    expect(started).toEqual(["/gated/a", "/gated/b", "/gated/c"]);
  });

  test("of any number in one write are all answered by a client that reads", async () => {
    const { port, turns, answers, requests } = await serve(scope);
    const client = rawClient(scope, port);
    client.socket.write(get("/boxes/1").repeat(200));
    await expect.poll(() => count(client.received, "HTTP/1.1 200"), { timeout: 20_000 }).toBe(200);
    await expect.poll(() => [answers.used, turns.waitingSockets]).toEqual([0, 1]);
    expect(new Map(requests.limits()).get("maxRequestsPerSocket")).toBe(1);
  }, 30_000);

  test("with bodies, however many come at once, start one a turn of the loop", async () => {
    let started = 0;
    const count: HttpOperation = {
      method: "POST",
      path: "/count",
      roles: "open",
      kind: "probe",
      answer: () => new Response(`${++started}`),
    };
    const { port } = await serve(scope, { operations: [count] });
    const client = rawClient(scope, port);
    await once(client.socket, "connect");
    let before = 0;
    let mostATurn = 0;
    const turn = () => {
      mostATurn = Math.max(mostATurn, started - before);
      before = started;
      if (started < 100) setImmediate(turn);
    };
    setImmediate(turn);
    client.socket.write(
      "POST /count HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}".repeat(100),
    );
    await expect.poll(() => started, { timeout: 20_000 }).toBe(100);
    expect(mostATurn).toBeLessThanOrEqual(2);
  }, 30_000);

  test("beyond the limit leave the rest of the socket unread until an answer has left", async () => {
    const { started, finish, operation } = gatedOperation();
    const limits = { maxRequestsPerSocket: 4 };
    const { port, server } = await serve(scope, { operations: [operation], limits });
    const accepted = once(server, "connection");
    const client = rawClient(scope, port);
    const [socket] = await accepted;
    client.socket.write(get("/gated/x").repeat(4));
    await expect.poll(() => socket.isPaused()).toBe(true);
    const before = socket.bytesRead;
    client.socket.write(get("/gated/y").repeat(4));
    // Nothing else tells that something was not read: another socket is read meanwhile.
    const other = rawClient(scope, port);
    for (let n = 0; n < 20; n++) {
      other.received = "";
      other.socket.write(get("/boxes/1"));
      await other.receive(/\}\}$/);
    }
    expect([socket.bytesRead, started.length]).toEqual([before, 1]);
    for (let n = 1; n <= 8; n++) {
      await expect.poll(() => started.length).toBe(n);
      finish.shift()?.();
    }
    await expect.poll(() => count(client.received, "/gated/")).toBe(8);
  });

  test("a limit of one still lets bodies through", async () => {
    const { port } = await serve(scope, { limits: { maxRequestsPerSocket: 1 } });
    const client = rawClient(scope, port);
    const post = `POST /boxes HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n"${"a".repeat(299_998)}"`;
    client.socket.write(post + post + get("/boxes/1"));
    await client.receive(/201 [\s\S]*201 [\s\S]*200 [\s\S]*"method":"GET"\}\}$/);
  });

  test("are too many when they do not fit the answer budget: the socket is cut off", async () => {
    const { finish, operation } = gatedOperation();
    const { port, answers, requests } = await serve(scope, {
      operations: [operation],
      limits: { maxAnswerBytesPerAddress: 100_000 },
    });
    const client = rawClient(scope, port);
    client.socket.write(get("/gated/x").repeat(1000));
    await within(client.ended, "the end of the socket");
    expect(new Map(requests.limits()).get("maxAnswerBytes")).toBe(1);
    await expect.poll(() => answers.used).toBe(0);
    expect(finish).toHaveLength(1);
  });

  test("of a client that goes are forgotten, and the waiting ones never handled", async () => {
    const { started, finish, operation } = gatedOperation();
    const served = await serve(scope, { operations: [operation] });
    const { port, server, answers, turns, logged } = served;
    const accepted = once(server, "connection");
    const client = rawClient(scope, port);
    client.socket.write(get("/gated/a") + get("/gated/b").repeat(10));
    await expect.poll(() => answers.used).toBeGreaterThan(0);
    const [socket] = await accepted;
    const closed = new Promise((resolve) => socket.once("close", resolve));
    client.socket.resetAndDestroy();
    await within(closed, "the server's notice of the reset");
    finish.shift()?.();
    await expect.poll(() => [answers.used, turns.waitingSockets]).toEqual([0, 0]);
    expect(started).toEqual(["/gated/a"]);
    expect(logged).toEqual([]);
  });
});

describe("an upgrade", () => {
  test("behind pending answers waits for them, and gets its own bytes only", async () => {
    const { finish, operation } = gatedOperation();
    const upgraded: string[] = [];
    const { port, turns } = await serve(scope, {
      operations: [operation],
      upgraded: (_, socket, head) => {
        upgraded.push(head.toString());
        socket.end("HTTP/1.1 101 Switching Protocols\r\n\r\nmine");
      },
    });
    const client = rawClient(scope, port);
    client.socket.write(`${get("/gated/a")}${get("/gated/b")}${upgrade("/shelf")}frames`);
    await expect.poll(() => finish.length).toBe(1);
    finish.shift()?.();
    await client.receive(/\/gated\/a$/);
    expect(upgraded).toEqual([]);
    await expect.poll(() => finish.length).toBe(1);
    finish.shift()?.();
    const received = await client.receive(/mine$/);
    expect(received).toMatch(/\/gated\/b\r?\n?HTTP\/1\.1 101 Switching Protocols\r\n\r\nmine$/);
    expect(upgraded).toEqual(["frames"]);
    expect(turns.waitingSockets).toBe(0);
  });

  test("behind a large answer that waits for its client is not in its way", async () => {
    const { port } = await serve(scope, {
      upgraded: (_, socket) => socket.end("HTTP/1.1 101 Switching Protocols\r\n\r\nmine"),
    });
    const client = rawClient(scope, port);
    client.socket.pause();
    client.socket.write(get("/numbers?lines=20000") + upgrade("/shelf"));
    await once(client.socket, "connect");
    client.socket.resume();
    await client.receive(/mine$/);
    expect(client.received.slice(-70)).toContain(
      "19999\n\r\n0\r\n\r\nHTTP/1.1 101 Switching Protocols\r\n\r\nmine",
    );
  });

  test("whose client goes while it waits is forgotten", async () => {
    const { finish, operation } = gatedOperation();
    const { port, turns, answers, logged } = await serve(scope, {
      operations: [operation],
      // The reset is noticed when something is written, at the latest.
      upgraded: (_, socket) => socket.end("HTTP/1.1 101 Switching Protocols\r\n\r\n"),
    });
    const client = rawClient(scope, port);
    client.socket.write(get("/gated/a") + upgrade("/shelf"));
    await expect.poll(() => answers.used).toBeGreaterThan(0);
    client.socket.resetAndDestroy();
    finish.shift()?.();
    await expect.poll(() => [answers.used, turns.waitingSockets]).toEqual([0, 0]);
    expect(logged).toEqual([]);
  });

  test.each(["h2c", "TLS/1.0", "websocket, h2c"])("to %s is a plain request", async (to) => {
    const { port, turns } = await serve(scope);
    const client = rawClient(scope, port);
    const body = `"${"a".repeat(100_000)}"`;
    client.socket.write(
      `POST /boxes HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: ${to}\r\n` +
        `HTTP2-Settings: AAMAAABkAAQAAP__\r\nX-Note: \xfc\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      "latin1",
    );
    expect(await client.receive(/\}\}$/)).toMatch(
      /^HTTP\/1\.1 201 [\s\S]*Connection: close[\s\S]*a"\}\}$/,
    );
    await within(client.ended, "the end of the connection");
    await expect.poll(() => turns.waitingSockets).toBe(0);
  });

  test("to h2c behind a pending answer waits for it too", async () => {
    const { finish, operation } = gatedOperation();
    const { port } = await serve(scope, { operations: [operation] });
    const client = rawClient(scope, port);
    client.socket.write(get("/gated/a") + upgrade("/boxes/7", "h2c"));
    await expect.poll(() => finish.length).toBe(1);
    finish.shift()?.();
    await client.receive(/\/gated\/aHTTP\/1\.1 200 [\s\S]*"id":"7"/);
  });

  test.each([
    ["without Upgrade", "GET /shelf HTTP/1.1\r\nHost: x\r\n\r\n"],
    ["with another Upgrade", upgrade("/shelf", "web-socket")],
    ["by HTTP/1.0", upgrade("/shelf").replace("1.1", "1.0")],
    ["with its key left", "GET /shelf HTTP/1.1\r\nHost: x\r\nSec-WebSocket-Key: a\r\n\r\n"],
  ])("at a path of WebSockets %s is 426 with a hint", async (_, request) => {
    const { port } = await serve(scope);
    const client = rawClient(scope, port);
    client.socket.write(request);
    expect(await client.receive(/\}\}$/)).toMatch(
      /^HTTP\/1\.1 426 Upgrade Required[\s\S]*upgrade: websocket[\s\S]*upgrade_required/i,
    );
  });

  test("a POST to a path of WebSockets is 404", async () => {
    const { url } = await serve(scope);
    expect((await fetch(`${url}/shelf`, { method: "POST" })).status).toBe(404);
  });
});

describe("sockets", () => {
  test("that wait are bounded; half a request counts, one being answered does not", async () => {
    const { finish, operation } = gatedOperation();
    const { port, turns, requests } = await serve(scope, {
      operations: [operation],
      limits: { maxWaitingSocketsPerAddress: 3 },
    });
    const idle = rawClient(scope, port);
    const half = rawClient(scope, port);
    half.socket.write("GET /gated/half HTTP/1.1\r\nHo");
    const body = rawClient(scope, port);
    body.socket.write("POST /boxes HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n[");
    await expect.poll(() => turns.waitingSockets).toBe(3);
    const refused = rawClient(scope, port);
    expect(await refused.receive(/\r\n\r\n$/)).toMatch(/^HTTP\/1\.1 503 /);
    await within(refused.ended, "the end of the refused socket");
    expect(new Map(requests.limits()).get("maxWaitingSocketsPerAddress")).toBe(1);
    idle.socket.write(get("/gated/idle"));
    await expect.poll(() => turns.waitingSockets).toBe(2);
    const next = rawClient(scope, port);
    next.socket.write(get("/boxes/1"));
    await next.receive(/\}\}$/);
    finish.shift()?.();
    await idle.receive(/\/gated\/idle$/);
    await expect.poll(() => turns.waitingSockets).toBe(4);
    for (const { socket } of [idle, half, body, next]) socket.destroy();
    await expect.poll(() => turns.waitingSockets).toBe(0);
  });

  test("of all addresses are bounded too", async () => {
    const { port, requests } = await serve(scope, { limits: { maxWaitingSockets: 1 } });
    const first = scope.own(connect(port, "127.0.0.1"), (socket) => socket.destroy());
    await once(first, "connect");
    const refused = rawClient(scope, port);
    expect(await refused.receive(/\r\n\r\n$/)).toMatch(/^HTTP\/1\.1 503 /);
    expect([...requests.limits()]).toEqual([["maxWaitingSockets", 1]]);
  });
});
