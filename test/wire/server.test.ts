/** The process: ready line, log, health, metrics, leaving on a signal, and its hold on the data directory. */
import { join as joinPath } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { DeviceSocket, newMonitorId } from "../support/device-socket.ts";
import { errorCodeOf, request } from "../support/http.ts";
import { eventually, within } from "../support/inbox.ts";
import { join, newLobbyId, watching } from "../support/lobby.ts";
import { opcodes, RawWebSocket } from "../support/raw-websocket.ts";
import { scopePerFile, scopePerTest } from "../support/scope.ts";
import {
  launchServer,
  type ServerProcess,
  startServer,
  temporaryFolder,
} from "../support/server-process.ts";
import { TextSocket } from "../support/text-socket.ts";

const file = scopePerFile();
const scope = scopePerTest();
let server: ServerProcess;

beforeAll(async () => {
  server = await startServer(file);
});

describe("starting", () => {
  it("prints one line when it is ready, with the URL, and nothing else to stdout", async () => {
    await request(server.url, "GET /lobbies");
    expect(server.stdout).toMatch(/^[^\n]*http:\/\/127\.0\.0\.1:[1-9]\d*\/?[^\n]*\n$/);
    expect(server.urls).toHaveLength(1);
  });

  it("prints the URL of each further listener on the same line, in the order of the config", async () => {
    const listeners = [
      { port: 0, service: "lobby" },
      { port: 0, service: "devices" },
    ];
    const many = await startServer(scope, { config: { listeners } });
    expect(many.stdout.match(/\n/g)).toHaveLength(1);
    expect(new Set(many.urls).size).toBe(3);
    const [, lobby = "", devices = ""] = many.urls;
    await join(scope, `${lobby.replace(/^http/, "ws")}/any/path`, {
      user: "dan",
      lobby_id: newLobbyId(),
    });
    await DeviceSocket.user(scope, devices, newMonitorId());
  });

  it("logs to stderr, one JSON object a line", async () => {
    await request(server.url, "GET /no/such/path");
    const player = await join(scope, server.ws(), { user: "dan", lobby_id: newLobbyId() });
    player.close();
    await player.closed();
    const lines = server.log.split("\n").slice(0, -1);
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(JSON.parse(line), line).toEqual(expect.any(Object));
  });

  it("says so if the port is taken, and ends", async () => {
    const second = await launchServer(scope, { port: server.port });
    expect((await second.ended()).code).not.toBe(0);
    expect(second.stdout).toBe("");
    expect(second.log).toContain(String(server.port));
  });
});

describe("health", () => {
  it.each(["/healthz", "/readyz"])("%s is 200", async (path) => {
    expect((await request(server.url, `GET ${path}`)).status).toBe(200);
  });

  it("keeps connections alive for 75 s or more", async () => {
    const { headers } = await request(server.url, "GET /healthz", {
      headers: { connection: "keep-alive" },
    });
    expect(
      Number(/timeout=(\d+)/.exec(headers.get("keep-alive") ?? "")?.[1]),
    ).toBeGreaterThanOrEqual(75);
  });
});

/** A line of the metrics: `name{labels} value`. */
const sampleLine =
  /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*",?)*\})? (\S+)$/;

describe("GET /metrics", () => {
  it("speaks Prometheus' text format: each family with its help and type, each series once", async () => {
    await join(scope, server.ws(), { user: "dan", lobby_id: newLobbyId() });
    const answer = await request(server.url, "GET /metrics");
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(answer.text.endsWith("\n")).toBe(true);
    const types = new Map<string, string>();
    const helped = new Set<string>();
    const series = new Set<string>();
    for (const line of answer.text.split("\n").filter((text) => text !== "")) {
      const [, comment, family = "", rest = ""] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
      if (comment === "HELP") {
        expect(helped.has(family), line).toBe(false);
        helped.add(family);
      } else if (comment === "TYPE") {
        expect(["counter", "gauge", "histogram", "summary"], line).toContain(rest);
        expect(types.has(family), line).toBe(false);
        types.set(family, rest);
      } else {
        const [, name = "", labels = "", value = ""] = sampleLine.exec(line) ?? [];
        expect(name, line).not.toBe("");
        const base = name.replace(/_(bucket|sum|count)$/, "");
        const owner = types.has(name) ? name : base;
        expect(types.has(owner) && helped.has(owner), line).toBe(true);
        expect(value, line).toMatch(/^(NaN|Nan|[+-]Inf|[+-]?\d+(\.\d+)?(e[+-]?\d+)?)$/);
        expect(series.has(name + labels), line).toBe(false);
        series.add(name + labels);
      }
    }
    expect(series.size).toBeGreaterThan(0);
  });

  it("counts the connections that are open", async () => {
    const players: TextSocket[] = [];
    for (let opened = 0; opened < 5; opened += 1)
      players.push(await join(scope, server.ws(), { user: "dan", lobby_id: newLobbyId() }));
    const open = await connectionSeries();
    for (const player of players) player.close();
    // Whatever the series is called: one that had these five, and has them no more.
    const fell = (now: ReadonlyMap<string, number>) =>
      [...open].some(([name, value]) => (now.get(name) ?? 0) <= value - 5);
    await eventually("a series of connections that falls by five", connectionSeries, fell);
  });

  async function connectionSeries(): Promise<ReadonlyMap<string, number>> {
    const { text } = await request(server.url, "GET /metrics");
    const found = text.split("\n").flatMap((line) => {
      const [, name = "", labels = "", value = ""] = sampleLine.exec(line) ?? [];
      return name.includes("connection") ? [[name + labels, Number(value)] as const] : [];
    });
    return new Map(found);
  }
});

describe("paths", () => {
  it("that do not exist are 404, for WebSocket too", async () => {
    const answer = await request(server.url, "GET /no/such/path");
    expect(answer.status).toBe(404);
    expect(errorCodeOf(answer)).toBe("not_found");
    await expect(TextSocket.open(scope, server.ws("/no/such/path"))).rejects.toMatchObject({
      status: 404,
    });
  });
});

describe.each(["SIGTERM", "SIGINT"] as const)("on %s", (signal) => {
  it("closes every open connection with 1012 and ends with 0 within 10 s, whoever does not cooperate", async () => {
    const leaving = await startServer(scope);
    const player = await join(scope, leaving.ws(), {
      user: "dan",
      lobby_id: newLobbyId(),
      resume: "secret",
    });
    const viewer = await watching(scope, leaving.ws(), {
      type: "lobby_prompts",
      lobby_id: newLobbyId(),
    });
    const silent = await TextSocket.open(scope, leaving.ws());
    const user = await DeviceSocket.user(scope, leaving.url, newMonitorId());
    const polling = await DeviceSocket.monitor(scope, leaving.url, newMonitorId(), {
      transport: "polling",
    });
    // Neither reads nor answers the close.
    const stalled = await RawWebSocket.open(scope, leaving.ws());
    await stalled.send(opcodes.ping, "here");
    await stalled.frames.next();
    stalled.stopReading();
    const startedMs = performance.now();
    const ended = leaving.kill(signal, 12_000);
    for (const socket of [player, viewer, silent])
      expect(await socket.closed()).toMatchObject({ code: 1012 });
    await user.until("disconnect");
    await polling.until("disconnect");
    expect(await ended).toEqual({ code: 0, signal: null });
    expect(performance.now() - startedMs).toBeLessThan(10_000);
  });
});

describe("the data directory", () => {
  it("is held by one process: a second one says who has it, and ends", async () => {
    const data = joinPath(await temporaryFolder(scope), "data");
    const first = await startServer(scope, { data });
    const second = await launchServer(scope, { data });
    const { code } = await second.ended();
    expect(code).not.toBe(0);
    expect(code).not.toBeNull();
    expect(second.stdout).toBe("");
    expect(second.log).toContain(data);
    expect(second.log).not.toMatch(/^\s+at /m);
    // The first has noticed nothing.
    await join(scope, first.ws(), { user: "dan", lobby_id: newLobbyId() });
  });

  it.each(["SIGTERM", "SIGKILL"] as const)("is free again after %s", async (signal) => {
    const data = joinPath(await temporaryFolder(scope), "data");
    const first = await startServer(scope, { data });
    await first.kill(signal);
    const second = await startServer(scope, { data });
    await within(
      join(scope, second.ws(), { user: "dan", lobby_id: newLobbyId() }),
      "joining after the change",
    );
  });
});
