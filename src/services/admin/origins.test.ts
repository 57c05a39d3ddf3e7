/** Which web pages may speak to the admin service: a page in an operator's browser must not be able to read along. */
import { once } from "node:events";
import { type IncomingHttpHeaders, request } from "node:http";
import { join } from "node:path";
import { expect, it } from "vitest";
import { WebSocket } from "ws";
import { changeTokens, newToken } from "../../gateway/auth/index.ts";
import { ends, type Server, start } from "./admin-harness.suite.ts";

type Headers = Readonly<Record<string, string>>;

/** The status of an attempt to open a WebSocket: 101 where it opened. */
async function upgrade(server: Server, path: string, headers: Headers): Promise<number> {
  const socket = new WebSocket(server.url.replace("http", "ws") + path, { headers });
  ends.push(() => socket.terminate());
  socket.on("error", () => {});
  return await Promise.race([
    once(socket, "open").then(() => 101),
    once(socket, "unexpected-response").then(
      ([, response]) => (response as { statusCode: number }).statusCode,
    ),
  ]);
}

/** As `fetch`, which does not let one say another Host. */
async function ask(
  server: Server,
  path: string,
  headers: Headers,
  method = "GET",
): Promise<{ readonly status: number | undefined; readonly headers: IncomingHttpHeaders }> {
  const sent = request(server.url + path, { method, headers, agent: false }).end();
  const [response] = await once(sent, "response");
  response.resume();
  return { status: response.statusCode, headers: response.headers };
}

const foreign = { origin: "https://evil.example" };
const routes = ["/admin/connections", "/admin/contracts", "/admin/session"];

it("refuses pages of other origins, WebSocket and HTTP, where cors.origins is *; other services take them", async () => {
  const server = await start({ cors: { origins: "*" } });
  expect(await upgrade(server, "/admin", foreign)).toBe(403);
  expect(await upgrade(server, "/admin", { origin: "null" })).toBe(403);
  expect(await upgrade(server, "/lobby", foreign)).toBe(101);
  for (const path of routes) {
    const refused = await ask(server, path, foreign);
    expect([refused.status, refused.headers["access-control-allow-origin"]], path).toEqual([
      403,
      undefined,
    ]);
    const preflight = await ask(
      server,
      path,
      { ...foreign, "access-control-request-method": "GET" },
      "OPTIONS",
    );
    expect(preflight.headers["access-control-allow-origin"], path).toBeUndefined();
  }
  expect((await ask(server, "/lobbies", foreign)).headers["access-control-allow-origin"]).toBe("*");
});

it("takes its own pages, and requests without an Origin", async () => {
  const server = await start();
  for (const headers of [{}, { origin: server.url }]) {
    expect(await upgrade(server, "/admin", headers)).toBe(101);
    for (const path of routes) expect((await ask(server, path, headers)).status, path).toBe(200);
  }
});

it("takes pages of origins that cors.origins names", async () => {
  const server = await start({ cors: { origins: ["https://desk.example"] } });
  const desk = { origin: "https://desk.example" };
  expect(await upgrade(server, "/admin", desk)).toBe(101);
  const answer = await ask(server, "/admin/connections", desk);
  expect([answer.status, answer.headers["access-control-allow-origin"]]).toEqual([
    200,
    "https://desk.example",
  ]);
  expect(await upgrade(server, "/admin", { origin: server.url })).toBe(101);
  expect(await upgrade(server, "/admin", foreign)).toBe(403);
});

it("with auth off refuses a name that was made to lead here", async () => {
  const server = await start();
  const { port } = new URL(server.url);
  const rebound = { host: `evil.example:${port}`, origin: `http://evil.example:${port}` };
  expect(await upgrade(server, "/admin", rebound)).toBe(403);
  for (const path of routes)
    expect((await ask(server, path, { host: rebound.host })).status, path).toBe(403);
});

it("with auth on may be addressed by any name", async () => {
  const server = await start({ auth: { enabled: true } });
  const { token, record } = newToken({ name: "olga", roles: ["admin"], only: {} }, Date.now());
  await changeTokens(join(server.folder, "data", "tokens.json"), (records) => [...records, record]);
  const own = {
    host: "board.example",
    origin: "https://board.example",
    authorization: `Bearer ${token}`,
  };
  // The server follows the file of tokens.
  await expect.poll(async () => (await ask(server, "/admin/session", own)).status).toBe(200);
  expect(await upgrade(server, "/admin", own)).toBe(101);
  expect(await upgrade(server, "/admin", { ...own, origin: "https://evil.example" })).toBe(403);
});
