/** devices: who holds a monitor_id when its holder may be dead, and Engine.IO by hand. */
import { beforeAll, describe, expect, it } from "vitest";
import { DeviceSocket, newMonitorId } from "../support/device-socket.ts";
import { deadMonitor, PollingClient, packetSocket } from "../support/devices.ts";
import { scopePerFile, scopePerTest } from "../support/scope.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";
import { TextSocket } from "../support/text-socket.ts";

const file = scopePerFile();
const scope = scopePerTest();
let server: ServerProcess;
let patterned: ServerProcess;

beforeAll(async () => {
  server = await startServer(file, { config: { services: { devices: { probeMs: 300 } } } });
  patterned = await startServer(file, {
    config: { services: { devices: { monitorIdPattern: "^valve-[0-9]+$" } } },
  });
});

const wsUrl = () => server.ws("");

describe("a monitor that comes while its id is held", () => {
  it("gets the id from a holder that does not answer the probe, which is then closed", async () => {
    const monitorId = newMonitorId();
    const dead = await deadMonitor(scope, wsUrl(), monitorId);
    const startedMs = performance.now();
    const device = await DeviceSocket.monitor(scope, server.url, monitorId);
    // Not before the probe was over, and not only when the server's own pings would have noticed.
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(290);
    expect(performance.now() - startedMs).toBeLessThan(10_000);
    await dead.closed();
    const dan = await DeviceSocket.user(scope, server.url, monitorId);
    const id = await dan.send("who is it?");
    expect(await device.next("command do")).toMatchObject({ command_id: id });
    device.emit("command done");
    expect(await dan.next("command finish")).toMatchObject({ command_id: id });
  });

  it("finds what the dead one had in its hands failed as `monitor disconnected`", async () => {
    const monitorId = newMonitorId();
    const dead = await deadMonitor(scope, wsUrl(), monitorId);
    const dan = await DeviceSocket.user(scope, server.url, monitorId);
    const lost = await dan.send("lost");
    const kept = await dan.send("kept", { retry: true });
    await dead.frames.until((packet) => packet.includes(kept));
    const device = await DeviceSocket.monitor(scope, server.url, monitorId);
    expect(await dan.next("command failed")).toMatchObject({
      reason: "monitor disconnected",
      command_id: lost,
    });
    expect(await device.next("command do")).toMatchObject({ command: "kept", command_id: kept });
  });

  it.each(["websocket", "polling"] as const)(
    "is refused by a holder that is alive over %s",
    async (transport) => {
      const monitorId = newMonitorId();
      const holder = await DeviceSocket.monitor(scope, server.url, monitorId, { transport });
      for (let attempt = 0; attempt < 3; attempt += 1) {
        const late = await DeviceSocket.connect(scope, server.url);
        late.emit("con", { monitor_id: monitorId });
        expect(await late.next("con failed")).toMatchObject({
          reason: "monitor_id already registered",
        });
        await late.next("disconnect");
      }
      const dan = await DeviceSocket.user(scope, server.url, monitorId);
      const id = await dan.send("still you?");
      expect(await holder.next("command do")).toMatchObject({ command_id: id });
    },
  );

  it("is refused by a holder over Engine.IO 3 that was heard just now", async () => {
    const monitorId = newMonitorId();
    const { client } = await PollingClient.open(server.url);
    await client.emit("con", { monitor_id: monitorId });
    await client.until((packet) => packet.includes("con ok"));
    const late = await DeviceSocket.connect(scope, server.url);
    late.emit("con", { monitor_id: monitorId });
    expect(await late.next("con failed")).toMatchObject({
      reason: "monitor_id already registered",
    });
  });

  it("is one alone where two come at once", async () => {
    const monitorId = newMonitorId();
    const pair = [
      await DeviceSocket.connect(scope, server.url),
      await DeviceSocket.connect(scope, server.url),
    ];
    for (const device of pair) device.emit("con", { monitor_id: monitorId });
    const outcomes = await Promise.all(
      pair.map(async (device) => (await device.events.next()).event),
    );
    expect(outcomes.toSorted()).toEqual(["con failed", "con ok"]);
  });
});

describe("a failure", () => {
  it.each(["query", "con"])(
    "of %s is followed by the server's own close, of the WebSocket and not only of the namespace",
    async (event) => {
      // The library's client would close by itself on leaving its only namespace; this one does nothing.
      const socket = await packetSocket(scope, wsUrl());
      socket.send(`42${JSON.stringify([event, { monitor_id: "too short" }])}`);
      expect(JSON.parse((await socket.next()).replace(/^42/, ""))).toMatchObject([
        `${event} failed`,
        { reason: "Invalid monitor_id" },
      ]);
      await socket.closed();
    },
  );
});

describe("monitorIdPattern", () => {
  it("says which ids are good", async () => {
    expect(await DeviceSocket.monitor(scope, patterned.url, "valve-7")).toBeDefined();
    for (const [event, monitor_id] of [
      ["con", newMonitorId()],
      ["query", newMonitorId()],
      ["query", "valve-"],
      ["query", "a valve-7"],
    ] as const) {
      const socket = await DeviceSocket.connect(scope, patterned.url);
      socket.emit(event, { monitor_id });
      expect(await socket.next(`${event} failed`)).toMatchObject({ reason: "Invalid monitor_id" });
    }
  });
});

describe("Engine.IO 3", () => {
  it("connects over long polling, as a user and as a monitor", async () => {
    const monitorId = newMonitorId();
    const { client: device, packets } = await PollingClient.open(server.url);
    // Socket.IO 2 is connected to the default namespace without asking.
    if (!packets.includes("40")) await device.until((packet) => packet === "40");
    await device.emit("con", { monitor_id: monitorId });
    expect(
      JSON.parse((await device.until((packet) => packet.startsWith("42"))).slice(2)),
    ).toMatchObject(["con ok", { reason: "Connection ok" }]);
    const dan = await DeviceSocket.user(scope, server.url, monitorId);
    const id = await dan.send("open");
    expect(
      JSON.parse((await device.until((packet) => packet.startsWith("42"))).slice(2)),
    ).toMatchObject(["command do", { command: "open", command_id: id }]);
    await device.emit("command done");
    expect(await dan.next("command finish")).toMatchObject({ command_id: id });

    const { client: user } = await PollingClient.open(server.url);
    await user.emit("query", { monitor_id: monitorId });
    await user.until((packet) => packet.includes("query ok"));
  });

  it("closes after the failure event, which arrives", async () => {
    const { client } = await PollingClient.open(server.url);
    await client.emit("query", { monitor_id: "wrong" });
    expect(await client.until((packet) => packet.startsWith("42"))).toContain("Invalid monitor_id");
  });
});

describe("CORS", () => {
  let open: ServerProcess;
  beforeAll(async () => {
    open = await startServer(file, { config: { cors: { origins: "*" } } });
  });

  it("is open where that is configured: a page of another origin may poll", async () => {
    const response = await fetch(`${open.url}/socket.io/?EIO=4&transport=polling`, {
      headers: { origin: "https://example.test" },
    });
    expect(response.status).toBe(200);
    expect(["*", "https://example.test"]).toContain(
      response.headers.get("access-control-allow-origin"),
    );
  });

  it("is open to WebSocket too", async () => {
    const options = { headers: { origin: "https://example.test" } };
    const socket = await TextSocket.open(
      scope,
      `${open.ws("")}/socket.io/?EIO=4&transport=websocket`,
      options,
    );
    expect(await socket.next()).toMatch(/^0\{/);
  });
});
