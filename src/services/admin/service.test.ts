/** The admin served: overview, connections, contracts and who gets in, with real clients on a started server. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { changeTokens, newToken } from "../../gateway/auth/index.ts";
import { installedServices } from "../../gateway/index.ts";
import {
  deadlineMs,
  get,
  listed,
  type Message,
  next,
  open,
  player,
  serviceOf,
  start,
} from "./admin-harness.suite.ts";

describe("overview", () => {
  it("is answered at once with totals, then once a second with rates", async () => {
    const server = await start();
    const dan = await player(server, "dan");
    const nobody = await open(server, "/");
    const admin = await open(server, "/admin");
    admin.send({ type: "overview" });
    const first = await next(admin);
    expect(first).toMatchObject({
      type: "overview",
      ageMs: 0,
      draining: false,
      connections: 3,
      refused: 0,
      engine: { kind: "embedded" },
    });
    expect(first).toMatchObject({
      process: {
        pid: process.pid,
        rssBytes: expect.any(Number),
        heapUsedBytes: expect.any(Number),
      },
    });
    expect(Math.abs(Date.now() - Number(first.at))).toBeLessThan(deadlineMs);
    expect(serviceOf(first, "lobby")).toMatchObject({
      connections: 1,
      // The message that made it the lobby's came in at the entrance.
      messagesIn: 0,
      messagesOut: 1,
      unsentBytes: 0,
      slowConnections: 0,
      skipped: 0,
    });
    expect(serviceOf(first, "lobby").perSecond).toBeUndefined();
    expect(serviceOf(first, "none")).toMatchObject({ connections: 1 });
    dan.send("no json");
    await dan.leave();
    nobody.send({ type: "nonsense" });
    await nobody.closed(deadlineMs);
    const second = await next(admin);
    expect(Number(second.at) - Number(first.at)).toBeGreaterThan(900);
    expect(serviceOf(second, "lobby")).toMatchObject({
      connections: 0,
      messagesIn: 1,
      errors: { bad_json: 1 },
      closes: { "1005": 1 },
      perSecond: { messagesIn: expect.any(Number) },
    });
    expect((serviceOf(second, "lobby").perSecond as Message).messagesIn).toBeGreaterThan(0);
    expect(serviceOf(second, "none")).toMatchObject({
      connections: 0,
      errors: { unknown_message: 1 },
      closes: { "1000": 1 },
    });
    expect(second).toMatchObject({
      process: { cpuShare: expect.any(Number), eventLoopDelayMs: { p99: expect.any(Number) } },
    });
  });
});

describe("GET /admin/connections", () => {
  it("lists them in pages, with service and principal, and says of which node", async () => {
    const server = await start();
    for (let nth = 0; nth < 5; nth++) await player(server, `p${nth}`, "/lobby?token=hidden");
    await open(server, "/admin");
    const { json } = await get(server, "/admin/connections?limit=2");
    expect(json).toMatchObject({ node: expect.any(String), total: 6 });
    expect(json.connections).toMatchObject([
      {
        service: "lobby",
        path: "/lobby",
        address: "127.0.0.1",
        unsentBytes: 0,
        skipped: 0,
        principal: { name: "anybody" },
      },
      { service: "lobby" },
    ]);
    const all = new Set((json.connections as Message[]).map(({ id }) => id));
    let cursor = json.next;
    while (cursor !== undefined) {
      const page = (await get(server, `/admin/connections?limit=2&cursor=${cursor}`)).json;
      for (const { id } of page.connections as Message[]) all.add(id);
      cursor = page.next;
    }
    expect(all.size).toBe(6);
    expect(await listed(server, "?service=admin")).toHaveLength(1);
    expect(await listed(server, "?service=lobby&sort=unsent&limit=3")).toHaveLength(3);
    const newest = (await get(server, "/admin/connections?sort=newest&limit=4")).json;
    const before = await listed(server, `?sort=newest&limit=4&cursor=${newest.next}`);
    expect([...(newest.connections as Message[]), ...before].map(({ id }) => id)).toEqual(
      [...all].reverse(),
    );
    expect((await get(server, "/admin/connections?service=chess")).status).toBe(404);
    expect((await get(server, "/admin/connections?limit=0")).status).toBe(400);
    const [row] = await listed(server);
    expect(Math.abs(Date.now() - Number(row?.since))).toBeLessThan(60_000);
    expect(JSON.stringify(await listed(server))).not.toContain("hidden");
  });
});

describe("GET /admin/contracts", () => {
  it("has every service with the JSON Schema of each message", async () => {
    const server = await start();
    const { json } = await get(server, "/admin/contracts");
    const services = json.services as Message[];
    expect(services.map(({ name }) => name)).toEqual(
      installedServices.map(({ contract }) => contract.name),
    );
    expect(json.errors).toMatchObject({ over_rate: { retry: true, meaning: "over a rate limit" } });
    expect(json.closes).toContainEqual({
      code: 4401,
      comeBack: "new-token",
      meaning: expect.any(String),
    });
    const [lobby] = services;
    expect(lobby).toMatchObject({
      name: "lobby",
      transport: "websocket",
      paths: ["/", "/lobby"],
      limits: { maxFrameBytes: 1 << 20 },
    });
    const messages = (direction: "in" | "out" | "routes") =>
      (lobby?.[direction] ?? []) as Message[];
    expect(messages("in")[0]).toMatchObject({
      name: "wait_start",
      direction: "in",
      named: { type: "wait_start" },
      schema: {
        type: "object",
        properties: { user: { type: "string", maxLength: 1000 } },
        required: ["user", "lobby_id", "prompt_id"],
      },
    });
    expect(messages("out")[0]).toMatchObject({ name: "update", delivery: "latest" });
    expect(messages("routes")[0]).toMatchObject({
      method: "POST",
      params: { required: ["lobby", "prompt"] },
    });
    expect(services.find(({ name }) => name === "experiments")?.in).toContainEqual(
      expect.objectContaining({ name: "subscribe", named: { action: "subscribe" } }),
    );
    for (const { name, transport, in: incoming } of services) {
      for (const message of incoming as Message[]) {
        if (transport === "websocket")
          expect(message.named, `${name} ${message.name}`).toBeDefined();
      }
    }
  });
});

describe("with auth on", () => {
  async function withTokens() {
    const server = await start({ auth: { enabled: true } });
    const tokens: string[] = [];
    for (const [name, role] of [
      ["root", "admin"],
      ["site", "lobby.host"],
    ] as const) {
      const { token, record } = newToken({ name, roles: [role], only: {} }, Date.now());
      await changeTokens(join(server.folder, "data", "tokens.json"), (records) => [
        ...records,
        record,
      ]);
      tokens.push(token);
    }
    const [admin = "", host = ""] = tokens;
    // The server follows the file.
    for (
      let nth = 0;
      (await get(server, "/admin/session", host)).status !== 200 && nth < 100;
      nth++
    ) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return { server, admin, host };
  }

  it("only the role admin gets anything but the session", async () => {
    const { server, admin, host } = await withTokens();
    for (const path of ["/admin/connections", "/admin/contracts"]) {
      expect((await get(server, path)).status, path).toBe(401);
      expect((await get(server, path, host)).status, path).toBe(403);
      expect((await get(server, path, admin)).status, path).toBe(200);
    }
    expect(await (await open(server, "/admin")).closed(deadlineMs)).toMatchObject({ code: 4401 });
    expect(await (await open(server, "/admin", host)).closed(deadlineMs)).toMatchObject({
      code: 4403,
    });
    const console = await open(server, "/admin", admin);
    console.send({ type: "overview" });
    expect(await next(console)).toMatchObject({ type: "overview" });
    const { connections } = (await get(server, "/admin/connections?service=admin", admin)).json;
    expect(connections).toMatchObject([{ principal: { name: "root", roles: ["admin"] } }]);
  });

  it("a test message is noted in the log with who sends it, for the role admin only", async () => {
    const { server, admin, host } = await withTokens();
    const post = (
      token: string,
      body: object = { service: "lobby", path: "/lobby", message: "wait_start" },
    ) =>
      fetch(`${server.url}/admin/tests`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    expect((await post(host)).status).toBe(403);
    expect((await post(admin)).status).toBe(200);
    expect(server.log.filter(({ audit }) => audit === "test")).toMatchObject([
      { by: "root", testedService: "lobby", path: "/lobby", message: "wait_start" },
    ]);
    const tokens = { path: `/lobby/${host}?token=${admin}`, message: `Bearer ${admin}` };
    expect((await post(admin, { service: "lobby", ...tokens })).status).toBe(200);
    expect(server.log.filter(({ audit }) => audit === "test").at(-1)).toMatchObject({
      by: "root",
      testedService: "lobby",
      path: "/lobby/[redacted]",
      message: "written by hand",
    });
    expect((await post(admin, { service: admin, ...tokens })).status).toBe(404);
    expect(JSON.stringify(server.log)).not.toContain(admin);
    expect(JSON.stringify(server.log)).not.toContain(host);
  });

  it("the session says whose a token is, and refuses a bad one", async () => {
    const { server, admin, host } = await withTokens();
    const services = installedServices.map(({ contract }) => contract.name);
    const common = {
      auth: true,
      services,
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      node: expect.any(String),
    };
    expect((await get(server, "/admin/session")).json).toEqual(common);
    expect((await get(server, "/admin/session", admin)).json).toEqual({
      ...common,
      name: "root",
      roles: ["admin"],
    });
    expect((await get(server, `/admin/session?token=${host}`)).json).toEqual({
      ...common,
      name: "site",
      roles: ["lobby.host"],
    });
    expect(await get(server, "/admin/session", `${admin}x`)).toMatchObject({
      status: 401,
      json: { error: { code: "unauthenticated" } },
    });
    expect(JSON.stringify(server.log)).not.toContain(admin);
  });
});

describe("with auth off", () => {
  it("the session says that no token is needed", async () => {
    const server = await start({ services: { crowd: { enabled: false } } });
    const { json } = await get(server, "/admin/session?token=whatever");
    expect(json).toMatchObject({
      auth: false,
      services: ["lobby", "devices", "experiments", "tracking", "admin"],
    });
    expect(json.name).toBeUndefined();
  });
});
