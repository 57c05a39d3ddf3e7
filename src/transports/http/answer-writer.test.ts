/** Answers whose clients do not read, or go. */
import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { within } from "../../../test/support/inbox.ts";
import { scopePerTest } from "../../../test/support/scope.ts";
import type { HttpOperation } from "./index.ts";
import { errorOf, rawClient, serve } from "./sample-server.suite.ts";

const scope = scopePerTest();

const mebi = 1 << 20;

/** More than the system's buffers take. */
const largeBytes = 16 * mebi;

/** A large answer, a small one, and an endless one that counts the pieces asked for. */
function operations() {
  const state = { pieces: 0, cancelled: 0 };
  const open = { method: "GET", roles: "open", kind: "probe" } as const;
  const endless = () =>
    new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          state.pieces++;
          controller.enqueue(new Uint8Array(64 << 10));
        },
        cancel: () => void state.cancelled++,
      },
      { highWaterMark: 0 },
    );
  const served: HttpOperation[] = [
    { ...open, path: "/large", answer: () => new Response("x".repeat(largeBytes)) },
    { ...open, path: "/small", answer: () => new Response("small") },
    { ...open, path: "/endless", answer: () => new Response(endless()) },
  ];
  return { state, served };
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;

describe("the answer budget", () => {
  test("holds what clients have not read: more is 503, small answers go on, and it comes back", async () => {
    const { served } = operations();
    const { port, url, answers, requests } = await serve(scope, {
      operations: served,
      limits: { maxAnswerBytesPerAddress: largeBytes + mebi },
    });
    const lazy = rawClient(scope, port);
    lazy.socket.pause();
    lazy.socket.write(get("/large"));
    await expect.poll(() => answers.used).toBe(largeBytes);
    const refused = await fetch(`${url}/large`);
    expect(refused.headers.get("retry-after")).toBe("1");
    expect(await errorOf(refused)).toMatchObject({
      status: 503,
      code: "over_capacity",
      message: expect.stringContaining("limits.maxAnswerBytesPerAddress"),
    });
    expect(await (await fetch(`${url}/small`)).text()).toBe("small");
    expect(new Map(requests.limits()).get("maxAnswerBytes")).toBe(1);
    expect([...requests.entries()]).toContainEqual(["GET /large", "503", 1]);
    lazy.socket.destroy();
    await expect.poll(() => answers.used).toBe(0);
    expect((await (await fetch(`${url}/large`)).text()).length).toBe(largeBytes);
    await expect.poll(() => answers.used).toBe(0);
  });

  test("is in all, too", async () => {
    const { served } = operations();
    const limits = { maxAnswerBytes: mebi };
    const { url } = await serve(scope, { operations: served, limits });
    expect((await fetch(`${url}/large`)).status).toBe(503);
  });
});

describe("a stream", () => {
  test("is read as fast as its client reads, and ends when it goes", async () => {
    const { state, served } = operations();
    const { port, url, answers, logged } = await serve(scope, { operations: served });
    const client = rawClient(scope, port);
    client.socket.pause();
    client.socket.write(get("/endless"));
    let pieces = -1;
    // Once the system's buffers are full, no more is asked for.
    await expect
      .poll(
        async () => {
          const before = pieces;
          pieces = state.pieces;
          for (let n = 0; n < 5; n++) await (await fetch(`${url}/small`)).text();
          return pieces > 2 && pieces === before;
        },
        { timeout: 10_000 },
      )
      .toBe(true);
    expect(pieces * (64 << 10)).toBeLessThan(32 * mebi);
    expect(answers.used).toBe(128 << 10);
    client.socket.resetAndDestroy();
    await expect.poll(() => [state.cancelled, answers.used]).toEqual([1, 0]);
    expect(logged).toEqual([]);
  });

  test("that a HEAD asks for is not read at all", async () => {
    const { state, served } = operations();
    const { url } = await serve(scope, { operations: served });
    expect((await fetch(`${url}/endless`, { method: "HEAD" })).status).toBe(200);
    expect(state).toEqual({ pieces: 0, cancelled: 1 });
  });
});

describe("a client that goes", () => {
  const body = "POST /boxes HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n";
  test.each([
    ["a line", "GET /boxes/1 HT"],
    ["a head", get("/boxes/1").slice(0, -2)],
    ["a request", get("/boxes/1")],
    ["a request that is slow to answer", get("/slow")],
    ["many requests", get("/numbers?lines=1000").repeat(50)],
    ["an expectation", body.replace("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n")],
    ["half a body", `${body}[`],
    ["half a body that the service reads", `${body.replace("boxes", "raw")}[`],
    ["half a body that nobody reads", `${body.replace("boxes", "ignored")}[`],
    ["half a chunk", `POST /boxes HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[`],
    ["a stream", get("/endless")],
    ["a large answer", get("/large")],
    ["a HEAD", get("/large").replace("GET", "HEAD")],
    ["OPTIONS", get("/boxes/1").replace("GET", "OPTIONS")],
    ["TRACE", get("/boxes/1").replace("GET", "TRACE")],
    ["CONNECT", "CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n"],
    ["an absolute address", get("http://other.example/boxes/1")],
    ["an upgrade to nothing we know", get("/boxes/1").replace("Host", "Upgrade: h2c\r\nHost")],
    [
      "an upgrade and its connection",
      `${get("/a").slice(0, -2)}Connection: Upgrade\r\nUpgrade: b\r\n\r\n`,
    ],
    ["garbage", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
  ])("after %s, by reset or half close, leaves no trace in the log", async (_, bytes) => {
    const { served } = operations();
    const { port, url, logged, turns, answers, input } = await serve(scope, {
      operations: served,
      limits: { requestTimeoutMs: 200 },
    });
    for (const goes of ["resetAndDestroy", "end"] as const) {
      for (const reads of [true, false]) {
        const client = rawClient(scope, port);
        if (!reads) client.socket.pause();
        await once(client.socket, "connect");
        await new Promise((resolve) => client.socket.write(bytes, "latin1", resolve));
        client.socket[goes]();
        // By then the server has read what was sent.
        expect((await fetch(`${url}/small`)).status).toBe(200);
        client.socket.destroy();
      }
    }
    await within(
      expect.poll(() => [answers.used, input.used], { timeout: 4000 }).toEqual([0, 0]),
      "the release of both budgets",
    );
    // The one of `fetch`.
    await expect.poll(() => turns.waitingSockets, { timeout: 4000 }).toBeLessThanOrEqual(1);
    expect(logged).toEqual([]);
  });
});
