/** What a good token may do: roles, and the lobbies and monitors that it is limited to. */
import { join as joinPath } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { createToken } from "../support/cli.ts";
import { DeviceSocket, newMonitorId } from "../support/device-socket.ts";
import { dataOf, errorCodeOf, request } from "../support/http.ts";
import { join, newLobbyId, nextUsers, opening } from "../support/lobby.ts";
import { refusal, untilDisconnected } from "../support/refusal.ts";
import { scopePerFile, scopePerTest } from "../support/scope.ts";
import { type ServerProcess, startServer, temporaryFolder } from "../support/server-process.ts";

const file = scopePerFile();
const scope = scopePerTest();
let server: ServerProcess;

/** Tokens by what they may do. */
let host: string;
let hostOf10: string;
let player: string;
let user: string;
let userOfOne: string;
let monitor: string;
let monitorOfOne: string;
const oneMonitor = newMonitorId();

beforeAll(async () => {
  const data = joinPath(await temporaryFolder(file), "data");
  host = await createToken(data, { name: "host", roles: ["lobby.host"] });
  hostOf10 = await createToken(data, {
    name: "host-of-10",
    roles: ["lobby.host"],
    lobbies: ["10"],
  });
  player = await createToken(data, { name: "player", roles: ["lobby.player"] });
  user = await createToken(data, { name: "user", roles: ["devices.user"] });
  userOfOne = await createToken(data, {
    name: "user-of-one",
    roles: ["devices.user"],
    monitors: [oneMonitor],
  });
  monitor = await createToken(data, { name: "monitor", roles: ["devices.monitor"] });
  monitorOfOne = await createToken(data, {
    name: "monitor-of-one",
    roles: ["devices.monitor"],
    monitors: [oneMonitor],
  });
  server = await startServer(file, { data, config: { auth: { enabled: true } } });
});

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

describe("start", () => {
  it("is sent for a token with the host role, and for nobody else, whoever came first", async () => {
    const lobby_id = newLobbyId();
    const first = await join(
      scope,
      server.ws("/lobby?errors=1"),
      { user: "dan", lobby_id },
      bearer(player),
    );
    const other = await join(scope, server.ws(), { user: "mia", lobby_id }, bearer(player));
    const real = await join(scope, server.ws(), { user: "eve", lobby_id }, bearer(host));
    await first.ofType("update");
    await first.ofType("update");
    first.send({ type: "start", in: 1 });
    // Told, as it asked for errors; or closed.
    await first
      .ofType("error")
      .catch(async () => expect(await first.closed()).toMatchObject({ code: 4403 }));
    real.send({ type: "start", in: 2 });
    expect(await other.ofType("start")).toMatchObject({ in: 2 });
    expect(await real.ofType("start")).toMatchObject({ in: 2 });
  });

  it("is sent for a host of that lobby", async () => {
    const prompt_id = newLobbyId();
    const real = await join(
      scope,
      server.ws(),
      { user: "eve", lobby_id: 10, prompt_id },
      bearer(hostOf10),
    );
    real.send({ type: "start" });
    expect(await real.ofType("start")).toBeDefined();
  });
});

describe("a token that is limited to lobbies", () => {
  it("opens these, by number and by string", async () => {
    const prompt_id = newLobbyId();
    for (const lobby_id of [10, "10"]) {
      const first = await opening(
        scope,
        server.ws(),
        { type: "wait_start", user: "dan", lobby_id, prompt_id },
        bearer(hostOf10),
      );
      expect(await nextUsers(first)).toContain("dan");
    }
    const prompts = await opening(
      scope,
      server.ws(),
      { type: "lobby_prompts", lobby_id: 10 },
      bearer(hostOf10),
    );
    prompts.send({ type: "lobby_prompts_update" });
    expect(await prompts.next()).toBe("refresh");
  });

  it.each([
    { type: "wait_start", user: "dan", lobby_id: 11, prompt_id: 5 },
    { type: "wait_start", user: "dan", lobby_id: "100", prompt_id: 5 },
    { type: "leaderboard", lobby_id: 11, prompt_id: 5 },
    { type: "leaderboard_update", lobby_id: 11, prompt_id: 5 },
    { type: "lobby_prompts", lobby_id: 11 },
  ])("gets 403 or 4403 with $type of another", async (first) => {
    expect([403, 4403]).toContain(await refusal(scope, server.ws(), first, bearer(hostOf10)));
  });

  it("signals these by HTTP, and no other", async () => {
    dataOf(await request(server.url, "POST /lobbies/10/prompt-updates", { token: hostOf10 }));
    dataOf(
      await request(server.url, "POST /lobbies/10/prompts/5/leaderboard-updates", {
        token: hostOf10,
      }),
    );
    for (const route of [
      "POST /lobbies/11/prompt-updates",
      "POST /lobbies/11/prompts/5/leaderboard-updates",
    ]) {
      const answer = await request(server.url, route, { token: hostOf10 });
      expect(answer.status, route).toBe(403);
      expect(errorCodeOf(answer)).toBe("forbidden");
    }
  });
});

/** Emits, and shows that the answer is a failure and the end of the connection. */
async function isRefused(
  socket: DeviceSocket,
  event: "query" | "con",
  monitor_id: string,
): Promise<void> {
  socket.emit(event, { monitor_id });
  const before = (await untilDisconnected(socket)).map((came) => came.event);
  expect(before).not.toContain(`${event} ok`);
}

describe("devices", () => {
  it("lets a user query and a monitor con", async () => {
    const monitorId = newMonitorId();
    const dan = await DeviceSocket.user(scope, server.url, monitorId, { token: user });
    const device = await DeviceSocket.monitor(scope, server.url, monitorId, { token: monitor });
    const id = await dan.send("open");
    expect(await device.next("command do")).toMatchObject({ command_id: id });
  });

  it("does not let a user con, a monitor query, nor a lobby's host either", async () => {
    await isRefused(
      await DeviceSocket.connect(scope, server.url, { token: user }),
      "con",
      newMonitorId(),
    );
    await isRefused(
      await DeviceSocket.connect(scope, server.url, { token: monitor }),
      "query",
      newMonitorId(),
    );
    for (const event of ["query", "con"] as const) {
      const stranger = DeviceSocket.launch(scope, server.url, { token: host });
      const { event: outcome } = await stranger.events.next();
      if (outcome === "connect") await isRefused(stranger, event, newMonitorId());
      else expect(outcome).toBe("connect_error");
    }
  });

  it("limits a user and a monitor to the ids of their tokens", async () => {
    await DeviceSocket.user(scope, server.url, oneMonitor, { token: userOfOne });
    await DeviceSocket.monitor(scope, server.url, oneMonitor, { token: monitorOfOne });
    await isRefused(
      await DeviceSocket.connect(scope, server.url, { token: userOfOne }),
      "query",
      newMonitorId(),
    );
    await isRefused(
      await DeviceSocket.connect(scope, server.url, { token: monitorOfOne }),
      "con",
      newMonitorId(),
    );
  });

  it("holds scripts to the same", async () => {
    const other = newMonitorId();
    const body = { command: "open" };
    dataOf(
      await request(server.url, `POST /devices/${oneMonitor}/commands`, { token: userOfOne, body }),
    );
    dataOf(await request(server.url, `GET /devices/${oneMonitor}/commands`, { token: userOfOne }));
    for (const [token, route] of [
      [userOfOne, `POST /devices/${other}/commands`],
      [userOfOne, `GET /devices/${other}/commands`],
      [userOfOne, `DELETE /devices/${other}/commands/01890000-0000-7000-8000-000000000000`],
      [monitor, `POST /devices/${other}/commands`],
      [host, `POST /devices/${other}/commands`],
    ] as const) {
      const answer = await request(server.url, route, {
        token,
        ...(route.startsWith("POST") ? { body } : {}),
      });
      expect(answer.status, route).toBe(403);
      expect(errorCodeOf(answer)).toBe("forbidden");
    }
  });

  it("shows a limited user only its own monitors", async () => {
    const other = newMonitorId();
    await DeviceSocket.monitor(scope, server.url, other, { token: monitor });
    expect((await request(server.url, "GET /devices", { token: user })).text).toContain(other);
    const limited = await request(server.url, "GET /devices", { token: userOfOne });
    expect(limited.text).not.toContain(other);
  });
});
