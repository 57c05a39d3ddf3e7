/** Limits of connections: how many, how fast, and for how long one that is silent is kept. */
import { describe, expect, it } from "vitest";
import { DeviceSocket, newMonitorId } from "../support/device-socket.ts";
import { deadMonitor } from "../support/devices.ts";
import { eventually } from "../support/inbox.ts";
import { join, newLobbyId, nextUsers, opening } from "../support/lobby.ts";
import { opcodes, RawWebSocket } from "../support/raw-websocket.ts";
import { refusal } from "../support/refusal.ts";
import { scopePerTest } from "../support/scope.ts";
import { startServer } from "../support/server-process.ts";

const scope = scopePerTest();

describe("the number of connections", () => {
  it.each([
    { limits: { maxConnections: 3 }, refusals: [503, 1013] },
    { limits: { maxConnectionsPerAddress: 3 }, refusals: [429, 4429] },
  ])("is bounded: $limits, and one that leaves makes room", async ({ limits, refusals }) => {
    const server = await startServer(scope, { config: { limits } });
    const lobby_id = newLobbyId();
    const players = [];
    for (const user of ["a", "b", "c"])
      players.push(await join(scope, server.ws(), { user, lobby_id }));
    const fourth = { type: "wait_start", user: "d", lobby_id, prompt_id: 5 };
    expect(refusals).toContain(await refusal(scope, server.ws(), fourth));
    players[0]?.close();
    // The others hear nothing of the one that was refused, only of the leave.
    await players[1]?.frames.until((frame) => frame.includes('"b","c"'));
    const outcome = () =>
      opening(scope, server.ws(), fourth)
        .then((socket) => nextUsers(socket))
        .catch(() => []);
    expect(await eventually("room for the fourth", outcome, (users) => users.length > 0)).toEqual([
      "b",
      "c",
      "d",
    ]);
  });
});

describe("the rate of messages", () => {
  it("is bounded where the config says so: over it closes with 4429", async () => {
    const server = await startServer(scope, { config: { limits: { messagesPerSecond: 10 } } });
    const lobby_id = newLobbyId();
    const calm = await join(scope, server.ws(), { user: "calm", lobby_id });
    const player = await join(scope, server.ws(), { user: "dan", lobby_id });
    for (let sent = 0; sent < 100; sent += 1) player.send({ type: "start" });
    expect(await player.closed()).toMatchObject({ code: 4429 });
    await calm.frames.until((frame) => JSON.stringify(JSON.parse(frame).users) === '["calm"]');
  });

  it("is not bounded as it comes", async () => {
    const server = await startServer(scope);
    const player = await join(scope, server.ws(), { user: "dan", lobby_id: newLobbyId() });
    for (let sent = 0; sent < 500; sent += 1) player.send({ type: "start", in: sent });
    for (let sent = 0; sent < 500; sent += 1)
      expect(await player.json()).toMatchObject({ type: "start", in: sent });
  });
});

describe("a connection that has gone silent", () => {
  it.each([
    { pingIntervalMs: 500, idleTimeoutMs: 2_000 },
    // However short the times are, nobody is dropped who was not asked.
    { pingIntervalMs: 100, idleTimeoutMs: 600 },
  ])(
    "is gone after the idle timeout; one that answers pings stays: $pingIntervalMs, $idleTimeoutMs",
    async (limits) => {
      const server = await startServer(scope, { config: { limits } });
      const lobby_id = newLobbyId();
      const alive = await join(scope, server.ws(), { user: "alive", lobby_id });
      const startedMs = performance.now();
      const dead = await RawWebSocket.open(scope, server.ws());
      await dead.text({ type: "wait_start", user: "dead", lobby_id, prompt_id: 5 });
      expect(await nextUsers(alive)).toEqual(["alive", "dead"]);
      expect(await nextUsers(alive)).toEqual(["alive"]);
      expect(performance.now() - startedMs).toBeGreaterThanOrEqual(limits.idleTimeoutMs - 50);
      await dead.ended();
      expect(dead.frames.unread.map(({ opcode }) => opcode)).toContain(opcodes.ping);
      alive.send({ type: "start" });
      expect(await alive.json()).toMatchObject({ type: "start" });
    },
  );

  it("is gone where it is a monitor, too", async () => {
    const server = await startServer(scope, {
      config: { limits: { pingIntervalMs: 500, idleTimeoutMs: 2_000 } },
    });
    const [monitorId, otherId] = [newMonitorId(), newMonitorId()];
    await deadMonitor(scope, server.ws(""), monitorId);
    const polling = await DeviceSocket.monitor(scope, server.url, otherId, {
      transport: "polling",
    });
    const dan = await DeviceSocket.user(scope, server.url, monitorId);
    const id = await dan.send("open");
    expect(await dan.next("command failed")).toMatchObject({
      reason: "monitor disconnected",
      command_id: id,
    });
    const eve = await DeviceSocket.user(scope, server.url, otherId);
    await eve.send("still there?");
    expect(await polling.next("command do")).toMatchObject({ command: "still there?" });
  });
});
