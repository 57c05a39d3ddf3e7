/** Which answers refuse a token, and when they were given. */
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { askToEnter } from "./ask-to-enter.ts";
import { requestJson } from "./request-error.ts";

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function serve(listener: RequestListener) {
  const server = createServer({ keepAlive: false }, listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () =>
    new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  closers.push(close);
  const { port } = server.address() as AddressInfo;
  return { baseUrl: `http://127.0.0.1:${port}`, close };
}

const answering = (status: number, json: unknown) =>
  serve((_request, response) =>
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(json)),
  );

const facts = { services: [], version: "1", node: "n" };
const refusal = { error: { code: "some_code", message: "the server's words" } };

describe("a token", () => {
  it.each([
    ["open", 200, { ...facts, auth: true, name: "ann", roles: ["admin"] }],
    ["open", 200, { ...facts, auth: false }],
    ["locked", 200, { ...facts, auth: true }],
    ["locked", 401, refusal],
    ["failed", 403, refusal],
    ["failed", 404, refusal],
    ["failed", 429, refusal],
    ["failed", 503, refusal],
    ["failed", 502, "a proxy's words"],
  ])("leads to %s on %i", async (is, status, json) => {
    const { baseUrl } = await answering(status, json);
    expect(await askToEnter(baseUrl, "a token")).toMatchObject({ is });
  });

  it("is not refused by a server that cannot be reached", async () => {
    const { baseUrl, close } = await answering(200, {});
    await close();
    expect(await askToEnter(baseUrl, "a token")).toMatchObject({
      is: "failed",
      error: { code: "unreachable" },
    });
  });

  it("is named as the problem only where there was one", async () => {
    const { baseUrl } = await answering(401, refusal);
    expect(await askToEnter(baseUrl, "a token")).toMatchObject({
      problem: "The server does not accept this token: the server's words.",
    });
    expect(await askToEnter(baseUrl, undefined)).toEqual({ is: "locked", problem: undefined });
  });
});

describe("the time of an answer", () => {
  it("is the server's", async () => {
    const { baseUrl } = await serve((_request, response) =>
      response.setHeader("date", "Tue, 01 Jul 2025 10:00:07 GMT").end("{}"),
    );
    expect(await requestJson(baseUrl, undefined)).toEqual({
      json: {},
      serverAtMs: Date.UTC(2025, 6, 1, 10, 0, 7),
    });
  });

  it.each(["", "yesterday"])("is not known from the date '%s'", async (date) => {
    const { baseUrl } = await serve((_request, response) => {
      response.sendDate = false;
      if (date !== "") response.setHeader("date", date);
      response.end("{}");
    });
    expect(await requestJson(baseUrl, undefined)).toEqual({ json: {}, serverAtMs: undefined });
  });
});
