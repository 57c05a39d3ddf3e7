/** Time and broken requests on a real HTTP server. */
import { once } from "node:events";
import { type IncomingMessage, request as nodeRequest, type Server } from "node:http";
import { describe, expect, test } from "vitest";
import { within } from "../../../test/support/inbox.ts";
import { scopePerTest } from "../../../test/support/scope.ts";
import { errorOf, rawClient, serve } from "./sample-server.suite.ts";

const scope = scopePerTest();

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
    const { port, server } = await serve(scope, {
      limits: { idleTimeoutMs: 300, requestTimeoutMs: 100 },
    });
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
        while ((await connectionCount(server)) > 0)
          await new Promise((resolve) => setTimeout(resolve, 20));
        return [true];
      })(),
      "the end of the download that nobody reads",
    );
    expect(left).toBe(true);
  });
});

function connectionCount(server: Server): Promise<number> {
  return new Promise((resolve, reject) =>
    server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  );
}

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
