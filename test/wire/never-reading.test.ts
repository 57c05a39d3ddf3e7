/** Clients that stop reading: they are cut off or passed over, memory stays bounded, and a bystander misses nothing meanwhile. */
import { beforeAll, describe, expect, it } from "vitest";
import { DeviceSocket, newMonitorId } from "../support/device-socket.ts";
import { deadMonitor, PollingClient } from "../support/devices.ts";
import { request } from "../support/http.ts";
import { eventually } from "../support/inbox.ts";
import { join, newLobbyId, nextUsers } from "../support/lobby.ts";
import { opcodes, RawWebSocket } from "../support/raw-websocket.ts";
import { scopePerFile, scopePerTest } from "../support/scope.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";
import { TextSocket } from "../support/text-socket.ts";

const file = scopePerFile();
const scope = scopePerTest();
const megabyte = 1 << 20;
let server: ServerProcess;

beforeAll(async () => {
  server = await startServer(file, { config: { limits: { maxQueueBytes: 65_536 } } });
});

/** A player by hand who waits in the room and from now on reads nothing. */
async function stalledPlayer(lobby_id: string, user: string): Promise<RawWebSocket> {
  const raw = await RawWebSocket.open(scope, server.ws("/lobby"));
  await raw.text({ type: "wait_start", user, lobby_id, prompt_id: 5 });
  await raw.frames.until(({ opcode }) => opcode === opcodes.text);
  raw.stopReading();
  return raw;
}

describe("a player who never reads", () => {
  it("is disconnected by what must all arrive, and the others get every one of it", {
    timeout: 120_000,
  }, async () => {
    const lobby_id = newLobbyId();
    const host = await join(scope, server.ws(), { user: "host", lobby_id });
    const bystander = await join(scope, server.ws(), { user: "bystander", lobby_id });
    await stalledPlayer(lobby_id, "stalled");
    await host.frames.until((frame) => frame.includes("stalled"));
    expect(await nextUsers(bystander)).toEqual(["host", "bystander", "stalled"]);

    let sent = 0;
    for (let gone = false; !gone; ) {
      for (let inBatch = 0; inBatch < 2_000; inBatch += 1)
        host.send({ type: "start", in: sent + inBatch });
      for (const player of [host, bystander]) gone = (await readBatch(player, sent, 2_000)) || gone;
      sent += 2_000;
      // The system's buffers on both sides take some megabytes; a start has some fifty bytes.
      expect(sent * 50).toBeLessThan(20 * megabyte);
    }
    // It cannot be told: the code stands in the log and the metrics.
    const isTold = async () =>
      `${server.log}${(await request(server.url, "GET /metrics")).text}`.includes("4408");
    await eventually("4408 in the log or the metrics", isTold, (told) => told);
  });

  /** Reads `count` starts, each of them and in order; true if the update without the stalled player was among them. */
  async function readBatch(player: TextSocket, first: number, count: number): Promise<boolean> {
    let gone = false;
    for (let next = first; next < first + count; ) {
      const message = await player.json();
      if (message.type === "start") expect(message.in).toBe(next++);
      else if (Array.isArray(message.users) && !message.users.includes("stalled")) gone = true;
    }
    return gone;
  }

  it("has only the newest list wait for it, whatever came between", {
    timeout: 90_000,
  }, async () => {
    const lobby_id = newLobbyId();
    const bystander = await join(scope, server.ws(), { user: "bystander", lobby_id });
    const names = ["bystander"];
    let stalled: RawWebSocket | undefined;
    // Long names, so that a list has some 4 kB.
    for (let number = 0; number < 20; number += 1) {
      const name = `${"x".repeat(180)} ${number}`;
      stalled = await stalledPlayer(lobby_id, name);
      names.push(name);
      expect(await nextUsers(bystander)).toEqual(names);
    }
    const beforeBytes = await server.residentBytes();
    const turns = 1_500;
    for (let turn = 0; turn < turns; turn += 1) {
      const guest = await TextSocket.open(scope, server.ws());
      guest.send({ type: "wait_start", user: `guest ${turn}`, lobby_id, prompt_id: 5 });
      // The bystander keeps up: it gets every one. And no stalled one is gone.
      expect((await nextUsers(bystander)).slice(names.length)).toEqual([`guest ${turn}`]);
      guest.close();
      expect(await nextUsers(bystander)).toHaveLength(names.length);
    }
    // 12 MB for each of them, more than the system's buffers take: had the server kept it, they would be over their bound and gone.
    expect((await server.residentBytes()) - beforeBytes).toBeLessThan(150 * megabyte);
    await join(scope, server.ws(), { user: "last", lobby_id });
    expect(await nextUsers(bystander)).toEqual([...names, "last"]);
    let lists = 0;
    stalled?.readAgain();
    await stalled?.frames.until(({ opcode, payload }) => {
      if (opcode === opcodes.text) lists += 1;
      return opcode === opcodes.text && payload.includes('"last"');
    });
    expect(lists).toBeLessThan(turns * 2);
  });
});

describe("a monitor that takes nothing", () => {
  const stalled = {
    "over WebSocket, never reading": async (monitorId: string) =>
      (await deadMonitor(scope, server.ws(""), monitorId)).pause(),
    "over polling, never polling": async (monitorId: string) => {
      const { client } = await PollingClient.open(server.url);
      await client.emit("con", { monitor_id: monitorId });
      await client.until((packet) => packet.includes("con ok"));
    },
  };

  it.each(Object.entries(stalled))(
    "%s, is disconnected, and others are served meanwhile",
    { timeout: 60_000 },
    async (_what, stall) => {
      const [monitorId, otherId] = [newMonitorId(), newMonitorId()];
      const other = await DeviceSocket.user(scope, server.url, otherId);
      const otherDevice = await DeviceSocket.monitor(scope, server.url, otherId);
      const dan = await DeviceSocket.user(scope, server.url, monitorId);
      await stall(monitorId);
      const beforeBytes = await server.residentBytes();
      const long = "x".repeat(90_000);
      let sent = 0;
      for (let dropped = false; !dropped; ) {
        dan.emit("command send", { command: `${sent} ${long}` });
        const { event, payload } = await dan.events.next();
        if (event === "command ok") sent += 1;
        else {
          expect({ event, payload }).toMatchObject({
            event: "command failed",
            payload: { reason: "monitor disconnected" },
          });
          dropped = true;
        }
        if (sent % 5 === 0) {
          const id = await other.send(`bystander ${sent}`);
          expect(await otherDevice.next("command do")).toMatchObject({ command_id: id });
          otherDevice.emit("command done");
          expect(await other.next("command finish")).toMatchObject({ command_id: id });
        }
        expect(sent * long.length).toBeLessThan(20 * megabyte);
      }
      expect((await server.residentBytes()) - beforeBytes).toBeLessThan(100 * megabyte);
      // The id is free again for a monitor that listens.
      await DeviceSocket.monitor(scope, server.url, monitorId);
    },
  );
});
