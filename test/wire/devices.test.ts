/** devices as its existing clients know it, with two versions of socket.io-client over every transport. */
import { beforeAll, describe, expect, it } from "vitest";
import { clientKinds, DeviceSocket, newMonitorId } from "../support/device-socket.ts";
import { scopePerFile, scopePerTest } from "../support/scope.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";

const file = scopePerFile();
const scope = scopePerTest();
let server: ServerProcess;

beforeAll(async () => {
  server = await startServer(file);
});

const badIds: readonly unknown[] = [
  undefined,
  null,
  "a string",
  5,
  [],
  {},
  { monitor_id: null },
  { monitor_id: 5 },
  { monitor_id: "" },
  { monitor_id: "x".repeat(31) },
  { monitor_id: "x".repeat(33) },
  { monitor_id: [..."x".repeat(32)] },
];

describe.each(clientKinds)("socket.io-client $version over $transport", (kind) => {
  const connect = () => DeviceSocket.connect(scope, server.url, kind);
  const user = (monitorId: string) => DeviceSocket.user(scope, server.url, monitorId, kind);
  const monitor = (monitorId: string) => DeviceSocket.monitor(scope, server.url, monitorId, kind);

  it("connects over the transport that is meant", async () => {
    const socket = await connect();
    await socket.transportIs(kind.transport === "polling" ? "polling" : "websocket");
    socket.emit("query", { monitor_id: newMonitorId() });
    expect(await socket.next("query ok")).toMatchObject({ reason: "Query ok" });
  });

  it("tells the user `query ok` for any well-formed id, connected or not", async () => {
    const monitorId = newMonitorId();
    const socket = await connect();
    socket.emit("query", { monitor_id: monitorId });
    expect(await socket.next("query ok")).toMatchObject({ reason: "Query ok" });
    await monitor(monitorId);
    expect(await user(monitorId)).toBeDefined();
  });

  it.each(["query", "con"])("answers a bad %s with its failure, then closes", async (event) => {
    const sockets = badIds.map((payload) => ({
      payload,
      socket: DeviceSocket.launch(scope, server.url, kind),
    }));
    for (const { payload, socket } of sockets) {
      await socket.next("connect");
      if (payload === undefined) socket.emit(event);
      else socket.emit(event, payload);
      // The failure comes first, whole, and nothing between it and the end.
      expect(await socket.next(`${event} failed`), JSON.stringify(payload)).toMatchObject({
        reason: "Invalid monitor_id",
      });
      await socket.next("disconnect");
      await socket.transportIsClosed();
    }
  });

  it("takes a command from the user to the monitor, and the monitor's word back", async () => {
    const monitorId = newMonitorId();
    const dan = await user(monitorId);
    const device = await monitor(monitorId);
    dan.emit("command send", { command: "open the valve" });
    expect(await dan.next("command ok")).toMatchObject({ reason: "Command ok" });
    expect(await device.next("command do")).toMatchObject({ command: "open the valve" });
    device.emit("command done");
    expect(await dan.next("command finish")).toMatchObject({ reason: "Command finish" });
    dan.emit("command send", { command: "close the valve" });
    expect(await dan.next("command ok")).toMatchObject({ reason: "Command ok" });
    expect(await device.next("command do")).toMatchObject({ command: "close the valve" });
    device.emit("command error", { reason: "the valve is stuck" });
    expect(await dan.next("command failed")).toMatchObject({ reason: "the valve is stuck" });
  });

  it("takes `command done` with nothing, null and {}, with an acknowledgement and without", async () => {
    const monitorId = newMonitorId();
    const dan = await user(monitorId);
    const device = await monitor(monitorId);
    const answers = [
      () => device.emit("command done"),
      () => device.emit("command done", null),
      () => device.emit("command done", {}),
      async () => expect(await device.call("command done")).toEqual([]),
      async () => expect(await device.call("command done", null)).toEqual([]),
      async () => expect(await device.call("command done", {})).toEqual([]),
    ];
    for (const [number, answer] of answers.entries()) {
      await dan.send(`command ${number}`);
      expect(await device.next("command do")).toMatchObject({ command: `command ${number}` });
      await answer();
      expect(await dan.next("command finish")).toMatchObject({ reason: "Command finish" });
    }
  });

  it("answers a command that is missing, empty or no string with `Invalid command`, and goes on", async () => {
    const monitorId = newMonitorId();
    const dan = await user(monitorId);
    const device = await monitor(monitorId);
    const bad: readonly unknown[] = [
      null,
      "text",
      5,
      [],
      {},
      { command: null },
      { command: "" },
      { command: 5 },
      { command: ["x"] },
      { command: {} },
    ];
    dan.emit("command send");
    expect(await dan.next("command failed")).toMatchObject({ reason: "Invalid command" });
    for (const payload of bad) {
      dan.emit("command send", payload);
      expect(await dan.next("command failed"), JSON.stringify(payload)).toMatchObject({
        reason: "Invalid command",
      });
    }
    expect(await dan.call("command send")).toEqual([]);
    expect(await dan.next("command failed")).toMatchObject({ reason: "Invalid command" });
    await dan.send("a good one");
    // The monitor heard of none of the bad ones.
    expect(await device.next("command do")).toMatchObject({ command: "a good one" });
  });

  it("answers a command before `query ok` with a reason, and goes on", async () => {
    const socket = await connect();
    socket.emit("command send", { command: "too early" });
    const { reason } = await socket.next("command failed");
    expect(reason).toEqual(expect.any(String));
    expect(reason).not.toBe("");
    socket.emit("query", { monitor_id: newMonitorId() });
    await socket.next("query ok");
    await socket.send("in time");
  });

  it("acknowledges every event without arguments, once it is handled", async () => {
    const monitorId = newMonitorId();
    const dan = await connect();
    expect(await dan.call("query", { monitor_id: monitorId })).toEqual([]);
    await dan.next("query ok");
    const device = await connect();
    expect(await device.call("con", { monitor_id: monitorId })).toEqual([]);
    await device.next("con ok");
    expect(await dan.call("command send", { command: "x" })).toEqual([]);
    await dan.next("command ok");
    await device.next("command do");
    expect(await device.call("command error", { reason: "no" })).toEqual([]);
    expect(await dan.next("command failed")).toMatchObject({ reason: "no" });
  });

  it("survives answers of a socket that never sent con, and of a monitor that has nothing to answer", async () => {
    const monitorId = newMonitorId();
    const stranger = await connect();
    stranger.emit("command done");
    stranger.emit("command error", { reason: "I am nobody" });
    stranger.emit("command error");
    stranger.emit("no such event", { monitor_id: monitorId });
    const dan = await user(monitorId);
    const device = await monitor(monitorId);
    device.emit("command done");
    expect(await device.call("command error", { reason: "nothing was asked" })).toEqual([]);
    // Told to nobody: the next that dan hears is about a command of his own, and the stranger is still served.
    const id = await dan.send("now");
    await device.next("command do");
    device.emit("command done");
    expect(await dan.next("command finish")).toMatchObject({ command_id: id });
    stranger.emit("query", { monitor_id: monitorId });
    expect(await stranger.next("query ok")).toMatchObject({ reason: "Query ok" });
  });

  it("refuses a second monitor of one id while the first is connected, and frees the id with it", async () => {
    const monitorId = newMonitorId();
    const first = await monitor(monitorId);
    const second = await connect();
    second.emit("con", { monitor_id: monitorId });
    expect(await second.next("con failed")).toMatchObject({
      reason: "monitor_id already registered",
    });
    await second.next("disconnect");
    await second.transportIsClosed();
    // The first is not disturbed.
    const dan = await user(monitorId);
    await dan.send("still there?");
    expect(await first.next("command do")).toMatchObject({ command: "still there?" });
    first.disconnect();
    expect(await monitor(monitorId)).toBeDefined();
  });

  it("relays long and foreign commands unchanged, in the order of sending", async () => {
    const monitorId = newMonitorId();
    const dan = await user(monitorId);
    const device = await monitor(monitorId);
    const commands = [
      'é→✓🎲\u0000\n"\\',
      "__proto__",
      "x".repeat(100_000),
      ...Array.from({ length: 20 }, (_, number) => `number ${number}`),
    ];
    for (const command of commands) dan.emit("command send", { command });
    for (const command of commands) {
      await dan.next("command ok");
      expect((await device.next("command do")).command).toBe(command);
    }
  });
});
