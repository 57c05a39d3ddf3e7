/** Routes over HTTP: paths, methods, tokens, the gateway's own, and addresses that are none. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { scopePerTest } from "../../../test/support/scope.ts";
import type { HttpOperation } from "./index.ts";
import { errorOf, rawClient, serve } from "./sample-server.suite.ts";

const scope = scopePerTest();

describe("routes", () => {
  test("path parameters go before query parameters, and arrive decoded", async () => {
    const { url } = await serve(scope);
    const response = await fetch(
      `${url}/boxes/a%2Fb%20%C3%BC%2541?id=other&note=1&note=x%20y+z&unknown=1`,
    );
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      data: { id: "a/b ü%41", note: "x y z", method: "GET" },
    });
  });

  test("any text makes a path parameter", async () => {
    const { url } = await serve(scope);
    // Segments of dots alone are for the address itself, and clients take them out.
    const texts = fc
      .string({ unit: "binary", minLength: 1, maxLength: 20 })
      .filter((text) => !/^\.{1,2}$/.test(text));
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
    expect(await errorOf(await fetch(`${url}/nowhere`))).toMatchObject({
      status: 404,
      code: "not_found",
    });
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

  test.each(["/boxes/%", "/boxes/%zz", "/boxes/%ff", "/nowhere?x=%C3"])(
    "the bad escape in %s is 400",
    async (path) => {
      const { port } = await serve(scope);
      const client = rawClient(scope, port);
      client.socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
      expect(await client.receive(/\}\}$/)).toMatch(/^HTTP\/1\.1 400 [\s\S]*bad_message/);
    },
  );

  test.each(["//", "/\\evil", "*", "http://[/boxes/1"])(
    "the address %s does no harm",
    async (path) => {
      const { port, url } = await serve(scope);
      const client = rawClient(scope, port);
      client.socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
      expect(await client.receive(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 4\d\d /);
      expect((await fetch(`${url}/boxes/1`)).status).toBe(200);
    },
  );

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
    const again: HttpOperation = {
      method: "GET",
      path: "/text",
      roles: "open",
      kind: "data",
      answer: () => new Response("again"),
    };
    await expect(serve(scope, { operations: [again] })).rejects.toThrow(
      "GET /text is served twice",
    );
  });
});

describe("tokens", () => {
  test("none and a bad one are 401 with the scheme, a wrong role is 403", async () => {
    const { url } = await serve(scope, { auth: true });
    for (const request of [
      fetch(`${url}/safe`),
      fetch(`${url}/safe`, { headers: { authorization: "Bearer nonsense" } }),
    ]) {
      const response = await request;
      expect(response.headers.get("www-authenticate")).toBe("Bearer");
      expect(await errorOf(response)).toMatchObject({ status: 401, code: "unauthenticated" });
    }
    expect(await errorOf(await fetch(`${url}/safe?token=visitor`))).toMatchObject({
      status: 403,
      code: "forbidden",
    });
  });

  test("good ones come in the header, in any case, or in the query", async () => {
    const { url } = await serve(scope, { auth: true });
    for (const authorization of ["Bearer keeper", "bearer keeper"]) {
      expect(await (await fetch(`${url}/safe`, { headers: { authorization } })).json()).toEqual({
        data: "kim",
      });
    }
    expect(await (await fetch(`${url}/safe?token=keeper`)).json()).toEqual({ data: "kim" });
  });

  test("open routes never ask, not even about a bad one", async () => {
    const { url } = await serve(scope, { auth: true });
    expect(await (await fetch(`${url}/window?token=nonsense`)).json()).toEqual({ data: "nobody" });
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
    {
      method: "GET",
      path: "/files/*",
      roles: "open",
      kind: "data",
      answer: (request) => new Response(new URL(request.url).pathname),
    },
    {
      method: "GET",
      path: "/healthz",
      roles: "open",
      kind: "data",
      answer: () => new Response("ok"),
    },
    {
      method: "GET",
      path: "/metrics",
      roles: ["keeper"],
      kind: "data",
      answer: () => new Response("1"),
    },
    {
      method: "POST",
      path: "/fail",
      roles: "open",
      kind: "data",
      answer: () => Promise.reject(new Error("a fault of ours")),
    },
    {
      method: "POST",
      path: "/throw",
      roles: "open",
      kind: "data",
      answer: () => Promise.reject("no error at all"),
    },
    {
      method: "GET",
      path: "/files/special",
      roles: "open",
      kind: "data",
      answer: () => new Response("special"),
    },
  ];

  test("are served beside the services', with roles of their own", async () => {
    const { url } = await serve(scope, { auth: true, operations });
    expect(await (await fetch(`${url}/healthz`)).text()).toBe("ok");
    expect(await errorOf(await fetch(`${url}/metrics`))).toMatchObject({ status: 401 });
    expect(await errorOf(await fetch(`${url}/metrics?token=visitor`))).toMatchObject({
      status: 403,
    });
    expect(await (await fetch(`${url}/metrics?token=keeper`)).text()).toBe("1");
    expect(await (await fetch(`${url}/files/a/b`)).text()).toBe("/files/a/b");
    expect(await (await fetch(`${url}/files/special`)).text()).toBe("special");
  });

  test("a fault of theirs is ours", async () => {
    const { url, logged } = await serve(scope, { operations });
    expect(await errorOf(await fetch(`${url}/fail`, { method: "POST" }))).toMatchObject({
      status: 500,
      code: "internal",
    });
    expect(await errorOf(await fetch(`${url}/throw`, { method: "POST" }))).toMatchObject({
      status: 500,
      code: "internal",
    });
    expect(logged).toHaveLength(2);
  });
});
