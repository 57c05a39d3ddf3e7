/** Which pages may use the server, and by which names it may be called: raw requests to everything that it serves. */
import { beforeAll, describe, expect, it } from "vitest";
import { createToken } from "../support/cli.ts";
import { newMonitorId } from "../support/device-socket.ts";
import { publish, textBody } from "../support/experiments.ts";
import { dataOf, request } from "../support/http.ts";
import { eventually } from "../support/inbox.ts";
import { type RawAnswer, rawRequest, upgradeHeaders } from "../support/raw-request.ts";
import { scopePerFile, scopePerTest } from "../support/scope.ts";
import { type ServerProcess, startServer, temporaryFolder } from "../support/server-process.ts";

interface ServedContract {
  readonly name: string;
  readonly transport: "websocket" | "socketio";
  readonly paths: readonly string[];
  readonly routes: readonly { readonly method: string; readonly path: string }[];
}

type Headers = Readonly<Record<string, string | undefined>>;

const file = scopePerFile();
const scope = scopePerTest();
const evil = "https://evil.example";
const polling = "/socket.io/?EIO=4&transport=polling";
/** With auth off, on loopback, without a setting. */
let server: ServerProcess;
let contracts: readonly ServedContract[];

beforeAll(async () => {
  server = await startServer(file);
  contracts = (
    (await request(server.url, "GET /admin/contracts")).json as { services: ServedContract[] }
  ).services;
});

const filled = (path: string) => path.replaceAll(/:[^/]+/g, "0".repeat(32));

/** Method and path of every route: of the services, and the server's own. */
function routes(): string[] {
  return [
    ...contracts.flatMap((contract) =>
      contract.routes.map(({ method, path }) => `${method} ${filled(path)}`),
    ),
    "GET /metrics",
    "GET /nowhere",
    `GET ${polling}`,
    `POST ${polling}`,
  ];
}

function webSocketPaths(): string[] {
  const paths = contracts.flatMap((contract) =>
    contract.transport === "websocket" ? contract.paths.map(filled) : [],
  );
  return [...new Set(paths), "/socket.io/?EIO=4&transport=websocket"];
}

const ask = (route: string, headers: Headers, at = server) =>
  rawRequest(at.url, route, { headers, ...(/^P/.test(route) ? { body: "{}" } : {}) });

const upgrade = (path: string, headers: Headers, at = server) =>
  rawRequest(at.url, `GET ${path}`, { headers: { ...upgradeHeaders, ...headers } });

const preflight = (path: string, headers: Headers, at = server) =>
  ask(`OPTIONS ${path}`, { "access-control-request-method": "POST", ...headers }, at);

/** A refusal: 403 `forbidden`, a message that names the setting, and nothing that lets a page read it. */
function isRefused(answer: RawAnswer, what: string, setting = "cors.origins"): void {
  expect(answer.status, what).toBe(403);
  expect(answer.body, what).toContain("forbidden");
  expect(answer.body, what).toContain(setting);
  expect(answer.headers.get("access-control-allow-origin"), what).toBeUndefined();
}

describe("with auth off on loopback", () => {
  it("a page of another origin gets 403 on every route", async () => {
    expect(routes().length).toBeGreaterThan(30);
    for (const route of routes()) {
      isRefused(await ask(route, { origin: evil }), route);
      isRefused(await ask(route, { origin: "null" }), route);
    }
  });

  it("a page of another origin gets 403 on every WebSocket path", async () => {
    for (const path of webSocketPaths()) {
      isRefused(await upgrade(path, { origin: evil }), path);
      expect((await upgrade(path, {})).status, path).toBe(101);
      expect((await upgrade(path, { origin: server.url })).status, path).toBe(101);
    }
  });

  it("its preflights get 403", async () => {
    for (const route of routes()) {
      const path = route.split(" ")[1] ?? "";
      isRefused(await preflight(path, { origin: evil }), route);
    }
  });

  it("what it sends is not executed", async () => {
    const monitorId = newMonitorId();
    const send = (origin?: string) =>
      rawRequest(server.url, `POST /devices/${monitorId}/commands`, {
        headers: { origin, "content-type": "text/plain" },
        body: '{"command":"open"}',
      });
    isRefused(await send(evil), "a command");
    const commands = async () =>
      dataOf(await request(server.url, `GET /devices/${monitorId}/commands`)) as {
        readonly command_id: string;
      }[];
    expect(await commands()).toEqual([]);
    expect((await send()).status).toBe(201);
    await publish(server.url, "kept", textBody("kept", { action: "experiment:output", data: "x" }));
    isRefused(await ask("DELETE /experiments/kept", { origin: evil }), "a removal");
    const { command_id: id } = (await commands())[0] ?? expect.fail("the command is not listed");
    isRefused(
      await ask(`DELETE /devices/${monitorId}/commands/${id}`, { origin: evil }),
      "a cancellation",
    );
    expect(await commands()).toMatchObject([{ command_id: id, status: "queued" }]);
    expect((await ask("DELETE /experiments/kept", {})).status).toBe(200);
  });

  it.each([
    "http://localhost:5173",
    "https://localhost",
    "http://app.localhost:3000",
    "http://127.0.0.2:9000",
    "http://[::1]:3000",
  ])("a page of %s may use all but the admin service", async (origin) => {
    const answer = await ask("GET /lobbies", { origin });
    expect([answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([
      200,
      origin,
    ]);
    expect(answer.headers.get("vary")).toContain("Origin");
    const asked = await preflight("/lobbies/1/prompt-updates", { origin });
    expect([asked.status, asked.headers.get("access-control-allow-origin")]).toEqual([204, origin]);
    expect((await upgrade("/lobby", { origin })).status).toBe(101);
    const handshake = await ask(`GET ${polling}`, { origin });
    expect([handshake.status, handshake.headers.get("access-control-allow-origin")]).toEqual([
      200,
      origin,
    ]);
    isRefused(await ask("GET /admin/session", { origin }), "the admin service");
    isRefused(await upgrade("/admin", { origin }), "the admin service");
  });

  it("a session of Socket.IO does not let a page of another origin in", async () => {
    const { body } = await ask(`GET ${polling}`, {});
    const sid = /"sid":"([^"]+)"/.exec(body)?.[1] ?? expect.fail(body);
    for (const method of ["GET", "POST"]) {
      const route = `${method} ${polling}&sid=${sid}`;
      isRefused(await ask(route, { origin: evil }), route);
    }
    isRefused(
      await upgrade(`/socket.io/?EIO=4&transport=websocket&sid=${sid}`, { origin: evil }),
      "an upgrade",
    );
    const joined = await rawRequest(server.url, `POST ${polling}&sid=${sid}`, { body: "40" });
    expect([joined.status, joined.body]).toEqual([200, "ok"]);
  });

  it("images, scripts and frames of another site get nothing, links may lead anywhere", async () => {
    const image = {
      "sec-fetch-site": "cross-site",
      "sec-fetch-mode": "no-cors",
      "sec-fetch-dest": "image",
    };
    const frame = { ...image, "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe" };
    for (const route of routes()) {
      isRefused(await ask(route, image), route);
      isRefused(
        await ask(route, { ...image, "sec-fetch-site": "same-site", host: "10.0.0.1" }),
        route,
      );
      isRefused(await ask(route, frame), route);
      expect((await ask(route, { "sec-fetch-site": "same-origin" })).status, route).not.toBe(403);
    }
    const link = { ...frame, "sec-fetch-dest": "document" };
    for (const path of ["/", "/console/", "/console/lobby", "/lobbies"])
      expect((await ask(`GET ${path}`, { ...link, accept: "text/html" })).status, path).not.toBe(
        403,
      );
    isRefused(await ask("GET /console/", image), "the console's files");
  });

  it.each(["evil.example", "evil.example:7400", "localhost.evil.example", "lobby"])(
    "a Host of %s is refused, but for health checks",
    async (host) => {
      for (const route of [...routes(), "GET /", "GET /console/"])
        isRefused(await ask(route, { host }), route, "allowedHosts");
      for (const path of webSocketPaths()) {
        const origin = `http://${host}`;
        isRefused(await upgrade(path, { host, origin }), path, "allowedHosts");
      }
      for (const path of ["/healthz", "/readyz"])
        expect((await ask(`GET ${path}`, { host, origin: evil })).status, path).toBe(200);
    },
  );

  it("a Host that is an address or localhost is taken, and HTTP/1.0 without one", async () => {
    for (const host of ["10.1.2.3:80", "[::1]:7400", "localhost", "a.localhost:1", "LOCALHOST"])
      expect((await ask("GET /lobbies", { host })).status, host).toBe(200);
    const old = { version: "1.0" as const, headers: { host: undefined } };
    expect((await rawRequest(server.url, "GET /lobbies", old)).status).toBe(200);
  });

  it("the log says it once for each origin and host, the metrics count all", async () => {
    const own = await startServer(scope);
    for (let n = 0; n < 3; n++) {
      await ask("GET /lobbies", { origin: evil }, own);
      await ask(`GET ${polling}`, { origin: evil }, own);
      await upgrade("/lobby", { origin: evil }, own);
      await ask("GET /lobbies", { host: "evil.example" }, own);
    }
    const lines = await eventually(
      "two warnings",
      async () => own.log.split("\n").filter((line) => line.includes("request refused")),
      (found) => found.length >= 2,
    );
    expect(lines.length).toBe(2);
    expect(lines[0]).toContain("cors.origins");
    expect(lines[1]).toContain("allowedHosts");
    const { text } = await request(own.url, "GET /metrics");
    expect(text).toContain('switchboard_refused_pages_total{reason="origin"} 9');
    expect(text).toContain('switchboard_refused_pages_total{reason="host"} 3');
  });
});

describe("settings", () => {
  it("named origins may come, with wildcards and schemes of apps; named hosts, too", async () => {
    const origins = ["https://site.example", "https://*.org.example", "capacitor://localhost"];
    const config = { cors: { origins }, allowedHosts: [".dev.example"] };
    const own = await startServer(scope, { config });
    for (const origin of [
      "https://site.example",
      "https://a.b.org.example",
      "capacitor://localhost",
    ]) {
      const answer = await ask("GET /lobbies", { origin }, own);
      expect([answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([
        200,
        origin,
      ]);
      expect((await upgrade("/lobby", { origin }, own)).status, origin).toBe(101);
      expect((await upgrade("/admin", { origin }, own)).status, origin).toBe(101);
      expect((await ask(`GET ${polling}`, { origin }, own)).status, origin).toBe(200);
    }
    for (const origin of [evil, "https://org.example", "ionic://localhost", "null"]) {
      isRefused(await ask("GET /lobbies", { origin }, own), origin);
      isRefused(await upgrade("/lobby", { origin }, own), origin);
    }
    for (const host of ["dev.example", "a.dev.example:7400", "site.example", "x.org.example"])
      expect((await ask("GET /lobbies", { host }, own)).status, host).toBe(200);
    isRefused(await ask("GET /lobbies", { host: "evil.example" }, own), "a host", "allowedHosts");
  });

  it("* lets all pages in, but for the admin service, and no rebound name", async () => {
    const own = await startServer(scope, { config: { cors: { origins: "*" } } });
    for (const origin of [evil, "null", "capacitor://localhost"]) {
      const answer = await ask("GET /lobbies", { origin }, own);
      expect([answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([
        200,
        "*",
      ]);
      expect((await upgrade("/lobby", { origin }, own)).status).toBe(101);
      expect((await ask(`GET ${polling}`, { origin }, own)).status).toBe(200);
      isRefused(await ask("GET /admin/session", { origin }, own), origin);
    }
    const rebound = { host: "evil.example", origin: "http://evil.example" };
    isRefused(await ask("GET /lobbies", rebound, own), "a rebound name", "allowedHosts");
  });

  it("on other addresses than loopback any Host will do, but foreign origins may not come", async () => {
    const own = await startServer(scope, { args: ["--host", "0.0.0.0", "--insecure"] });
    const local = { url: `http://127.0.0.1:${own.port}` } as ServerProcess;
    const named = { host: "lobby:8000", origin: "http://lobby:8000" };
    expect((await ask("GET /lobbies", { host: "lobby:8000" }, local)).status).toBe(200);
    expect((await ask("GET /lobbies", named, local)).status).toBe(200);
    expect((await upgrade("/lobby", named, local)).status).toBe(101);
    isRefused(await ask("GET /lobbies", { ...named, origin: evil }, local), "a route");
    isRefused(await upgrade("/lobby", { ...named, origin: evil }, local), "a WebSocket");
    isRefused(await ask("GET /admin/session", named, local), "the admin service", "allowedHosts");
  });
});

describe("with auth on", () => {
  it("all pages may come by default, and none without a token", async () => {
    const data = `${await temporaryFolder(scope)}/data`;
    const token = await createToken(data, { name: "viewer", roles: ["lobby.viewer"] });
    const own = await startServer(scope, { data, config: { auth: { enabled: true } } });
    const headers = { origin: evil, host: "board.example", authorization: `Bearer ${token}` };
    const answer = await ask("GET /lobbies", headers, own);
    expect([answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([200, "*"]);
    expect((await ask("GET /lobbies", { origin: evil }, own)).status).toBe(401);
    expect((await preflight("/lobbies", { origin: evil }, own)).status).toBe(204);
  });

  it("origins that are named keep others from every route, good token or not", async () => {
    const data = `${await temporaryFolder(scope)}/data`;
    const token = await createToken(data, { name: "all", roles: ["admin"] });
    const config = { auth: { enabled: true }, cors: { origins: ["https://site.example"] } };
    const own = await startServer(scope, { data, config });
    const authorization = `Bearer ${token}`;
    for (const route of routes())
      isRefused(await ask(route, { origin: evil, authorization }, own), route);
    for (const path of webSocketPaths())
      isRefused(await upgrade(path, { origin: evil, authorization }, own), path);
    for (const origin of ["https://site.example", own.url])
      expect((await ask("GET /lobbies", { origin, authorization }, own)).status, origin).toBe(200);
    isRefused(await ask("GET /lobbies", { origin: "http://localhost:1", authorization }, own), "");
  });
});
