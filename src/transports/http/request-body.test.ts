/** Bodies of HTTP requests: what is taken, what is refused, and how much of it is read. */
import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { within } from "../../../test/support/inbox.ts";
import { scopePerTest } from "../../../test/support/scope.ts";
import { errorOf, rawClient, serve } from "./sample-server.suite.ts";

const scope = scopePerTest();

describe("bodies", () => {
  test.each([
    undefined,
    "text/plain",
    "application/x-www-form-urlencoded",
    "application/json; charset=utf-8",
  ])("JSON is read with the Content-Type %s", async (type) => {
    const { url } = await serve(scope);
    const response = await fetch(`${url}/boxes/7`, {
      method: "PUT",
      body: Buffer.from('\ufeff {"size":3}\n'),
      headers: type === undefined ? {} : { "content-type": type },
    });
    expect(await response.json()).toEqual({ data: { id: "7", size: 3 } });
  });

  test("a body in pieces is read to its end, characters cut in two included", async () => {
    const { port } = await serve(scope);
    const client = rawClient(scope, port);
    client.socket.write(
      'POST /boxes HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n"\xc3\r\n',
      "latin1",
    );
    client.socket.write('2\r\n\xbc"\r\n0\r\n\r\n', "latin1");
    const received = await client.receive(/\}\}?$/);
    expect(Buffer.from(received, "latin1").toString()).toMatch(
      /^HTTP\/1\.1 201 [\s\S]*\{"data":\{"body":"ü"\}\}$/,
    );
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
    expect(await errorOf(await fetch(`${url}/boxes`, { method: "POST" }))).toMatchObject({
      status: 400,
      code: "bad_json",
    });
    const latin1 = await fetch(`${url}/boxes`, {
      method: "POST",
      body: Buffer.from('"\xfc"', "latin1"),
    });
    expect(await errorOf(latin1)).toMatchObject({
      status: 400,
      code: "bad_json",
      message: expect.stringContaining("UTF-8"),
    });
  });

  test("a body that does not fit its schema is 400 bad_message", async () => {
    const { url } = await serve(scope);
    const response = await fetch(`${url}/boxes/7`, { method: "PUT", body: '{"size":"big"}' });
    expect(await errorOf(response)).toMatchObject({
      status: 400,
      code: "bad_message",
      message: expect.stringContaining("size"),
    });
  });

  test("where no body is declared the service reads it itself, with the headers", async () => {
    const { url } = await serve(scope);
    const response = await fetch(`${url}/raw`, {
      method: "POST",
      body: "[NaN]",
      headers: { "x-note": "as it is" },
    });
    expect(await response.json()).toEqual({ data: { length: 5, note: "as it is" } });
  });

  test("exactly the limit is taken, one byte more is 413, announced or not", async () => {
    const { url } = await serve(scope, { limits: { maxBodyBytes: 1000 } });
    const post = (length: number, path: string, chunked: boolean) => {
      const body = `"${"a".repeat(length - 2)}"`;
      const stream = new Blob([body]).stream();
      return fetch(`${url}${path}`, {
        method: "POST",
        ...(chunked ? { body: stream, duplex: "half" } : { body }),
      } as RequestInit);
    };
    for (const chunked of [false, true]) {
      expect((await post(1000, "/boxes", chunked)).status).toBe(201);
      expect(await errorOf(await post(1001, "/boxes", chunked))).toMatchObject({
        status: 413,
        code: "too_large",
      });
      expect((await post(1000, "/raw", chunked)).status).toBe(200);
      expect(await errorOf(await post(1001, "/raw", chunked))).toMatchObject({
        status: 413,
        code: "too_large",
      });
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
      client.socket.write(
        `POST /ignored HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
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
    const counted = () =>
      [...requests.entries()].filter(([route]) => route.startsWith("POST")).length;
    while (counted() < 2) expect((await fetch(`${url}/boxes/1`)).status).toBe(200);
    expect([...requests.entries()].filter(([route]) => route.startsWith("POST"))).toEqual([
      ["POST /boxes", "400", 1],
      ["POST /raw", "400", 1],
    ]);
    expect(logged).toEqual([]);
  });
});

const post = (path: string, length: number) =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`;

describe("bodies without a token", () => {
  test("on an open route are small, whoever sends them; the limit is named", async () => {
    const { url, requests } = await serve(scope, {
      auth: true,
      limits: { maxUnauthenticatedBytes: 1000 },
    });
    const open = (length: number, headers = {}) =>
      fetch(`${url}/open`, { method: "POST", body: `"${"a".repeat(length - 2)}"`, headers });
    expect((await open(1000)).status).toBe(200);
    for (const headers of [{}, { authorization: "Bearer keeper" }]) {
      expect(await errorOf(await open(1001, headers))).toMatchObject({
        status: 413,
        message: expect.stringContaining("limits.maxUnauthenticatedBytes"),
      });
    }
    expect(new Map(requests.limits()).get("maxUnauthenticatedBytes")).toBe(2);
    const large = await fetch(`${url}/boxes?token=keeper`, {
      method: "POST",
      body: `"${"a".repeat(2000)}"`,
    });
    expect(large.status).toBe(201);
  });

  test("are not larger where the service's own limit is smaller", async () => {
    const { url } = await serve(scope, { limits: { maxBodyBytes: 100 } });
    const response = await fetch(`${url}/open`, { method: "POST", body: `"${"a".repeat(200)}"` });
    expect((await errorOf(response)).message).toContain("limits.maxBodyBytes");
  });

  test("are not counted, and end soon, where a token is missing", async () => {
    const { port, input } = await serve(scope, { auth: true });
    const client = rawClient(scope, port);
    client.socket.write(post("/boxes", 1_000_000_000));
    const piece = "a".repeat(100_000);
    const sending = setInterval(() => client.socket.destroyed || client.socket.write(piece), 20);
    scope.own(sending, clearInterval);
    expect(await client.receive(/\}\}$/)).toMatch(/^HTTP\/1\.1 401 /);
    expect(input.used).toBe(0);
    await within(client.ended, "end of the endless sender");
  });
});

describe("what bodies hold", () => {
  test("is counted while they come, refused beyond the budget, and released", async () => {
    const { port, url, input, requests } = await serve(scope, {
      limits: { maxInputBytesPerAddress: 100_000 },
    });
    const halves = ["/boxes", "/raw"].map((path) => {
      const client = rawClient(scope, port);
      client.socket.write(`${post(path, 50_000)}"${"a".repeat(39_999)}`);
      return client;
    });
    await expect.poll(() => input.used).toBe(80_000);
    const refused = await fetch(`${url}/boxes`, {
      method: "POST",
      body: `"${"a".repeat(30_000)}"`,
    });
    expect(refused.headers.get("retry-after")).toBe("1");
    expect(await errorOf(refused)).toMatchObject({
      status: 503,
      code: "over_capacity",
      message: expect.stringContaining("limits.maxInputBytesPerAddress"),
    });
    expect(new Map(requests.limits()).get("maxInputBytes")).toBe(1);
    const [whole, left] = halves;
    whole?.socket.write(`${"a".repeat(9_999)}"`);
    await whole?.receive(/\}$/);
    left?.socket.destroy();
    await expect.poll(() => input.used).toBe(0);
  });

  test("is released when the time is up", async () => {
    const { port, input } = await serve(scope, { limits: { requestTimeoutMs: 100 } });
    const client = rawClient(scope, port);
    client.socket.write(`${post("/boxes", 100)}"aaa`);
    await expect.poll(() => input.used).toBe(4);
    await client.receive(/504 [\s\S]*\}\}$/);
    await within(client.ended, "end of the slow sender");
    await expect.poll(() => input.used).toBe(0);
  });

  test("has few values and levels: more is refused before the rest has come", async () => {
    const { port, url } = await serve(scope, { limits: { maxJsonValues: 1000, maxJsonDepth: 5 } });
    for (const [start, status, code, limit] of [
      ["[".repeat(6), 400, "bad_message", "maxJsonDepth"],
      [`[${"{},".repeat(600)}`, 413, "too_large", "maxJsonValues"],
    ] as const) {
      const client = rawClient(scope, port);
      client.socket.write(post("/boxes", 1_000_000) + start);
      expect(await client.receive(/\}\}$/)).toMatch(
        new RegExp(`^HTTP/1\\.1 ${status} [\\s\\S]*${code}[\\s\\S]*limits\\.${limit}`),
      );
    }
    const ones = JSON.stringify(Array.from({ length: 2000 }, () => 1));
    const put = await fetch(`${url}/boxes`, { method: "POST", body: ones });
    expect(put.status).toBe(413);
    const many = await fetch(`${url}/many`, { method: "POST", body: ones });
    expect(await many.json()).toEqual({ data: 2000 });
  });
});

test("a GET that sends a body without end is answered, and cut off", async () => {
  const { port } = await serve(scope);
  const client = rawClient(scope, port);
  client.socket.write("GET /boxes/1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  const chunk = `2710\r\n${"a".repeat(10_000)}\r\n`;
  const sending = setInterval(() => client.socket.destroyed || client.socket.write(chunk), 20);
  scope.own(sending, clearInterval);
  expect(await client.receive(/\}\}$/)).toMatch(/^HTTP\/1\.1 200 /);
  await within(client.ended, "end of the endless sender");
});
