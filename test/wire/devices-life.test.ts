/** devices: the life of a command, from queued to its end. */
import { beforeAll, describe, expect, it } from "vitest";
import { DeviceSocket, newMonitorId } from "../support/device-socket.ts";
import { commandsOf, statusOf } from "../support/devices.ts";
import { dataOf, mentioning, request } from "../support/http.ts";
import { eventually } from "../support/inbox.ts";
import { scopePerFile, scopePerTest } from "../support/scope.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";

const file = scopePerFile();
const scope = scopePerTest();
/** As it comes: long waits, three retries. */
let server: ServerProcess;
/** Everything expires soon, and one retry is all. */
let hasty: ServerProcess;

beforeAll(async () => {
  server = await startServer(file);
  hasty = await startServer(file, {
    config: { services: { devices: { waitMs: 200, answerMs: 300, retries: 1 } } },
  });
});

const user = (monitorId: string, at = server) => DeviceSocket.user(scope, at.url, monitorId);
const monitor = (monitorId: string, at = server) => DeviceSocket.monitor(scope, at.url, monitorId);
const status = (monitorId: string, id: string, at = server) => statusOf(at.url, monitorId, id);

/** Waits until the server has noticed that a monitor is gone: no event tells of it. */
const gone = (monitorId: string, at = server) =>
  eventually(
    "a roster without the monitor",
    async () => dataOf(await request(at.url, "GET /devices")),
    (roster) => mentioning(roster, monitorId) === undefined,
  );

describe("a monitor that is away", () => {
  it("gets what waited, in the order of sending, after `con ok`", async () => {
    const monitorId = newMonitorId();
    const [dan, eve] = [await user(monitorId), await user(monitorId)];
    const ids = [await dan.send("a"), await eve.send("b"), await dan.send("c")];
    for (const id of ids) expect(await status(monitorId, id)).toBe("queued");
    // `con ok` first: this reads it before anything else.
    const device = await monitor(monitorId);
    for (const [at, command] of ["a", "b", "c"].entries()) {
      expect(await device.next("command do")).toMatchObject({ command, command_id: ids[at] });
    }
    const live = await dan.send("d");
    expect(await device.next("command do")).toMatchObject({ command_id: live });
    expect(await status(monitorId, ids[0] ?? "")).toBe("sent");
    device.emit("command done");
    expect(await dan.next("command finish")).toMatchObject({ command_id: ids[0] });
    expect(await status(monitorId, ids[0] ?? "")).toBe("done");
  });

  it("with wait_ms 0 fails the command at once", async () => {
    const monitorId = newMonitorId();
    const dan = await user(monitorId);
    dan.emit("command send", { command: "now or never", wait_ms: 0 });
    expect(await dan.until("command failed")).toMatchObject({ reason: "expired" });
    const device = await monitor(monitorId);
    await dan.send("next");
    expect(await device.next("command do")).toMatchObject({ command: "next" });
  });

  it("with wait_ms 0 is no matter where the monitor is there", async () => {
    const monitorId = newMonitorId();
    const dan = await user(monitorId);
    const device = await monitor(monitorId);
    const id = await dan.send("now", { wait_ms: 0 });
    await device.next("command do");
    device.emit("command done");
    expect(await dan.next("command finish")).toMatchObject({ command_id: id });
  });
});

describe("expiry", () => {
  it("of a command that waited too long tells the user `expired`, and the monitor never gets it", async () => {
    const monitorId = newMonitorId();
    const dan = await user(monitorId);
    const long = await dan.send("long");
    const short = await dan.send("short", { wait_ms: 100 });
    expect(await dan.next("command failed")).toMatchObject({
      reason: "expired",
      command_id: short,
    });
    expect(await status(monitorId, short)).toBe("expired");
    const device = await monitor(monitorId);
    expect(await device.next("command do")).toMatchObject({ command: "long", command_id: long });
    const last = await dan.send("last");
    expect(await device.next("command do")).toMatchObject({ command: "last", command_id: last });
    // It is not in the matching: it was never sent.
    device.emit("command done");
    expect(await dan.next("command finish")).toMatchObject({ command_id: long });
    device.emit("command done");
    expect(await dan.next("command finish")).toMatchObject({ command_id: last });
  });

  it("has its defaults in the config", async () => {
    const monitorId = newMonitorId();
    const dan = await user(monitorId, hasty);
    const waited = await dan.send("waits");
    expect(await dan.next("command failed")).toMatchObject({
      reason: "expired",
      command_id: waited,
    });
    const device = await monitor(monitorId, hasty);
    const sent = await dan.send("sent");
    await device.next("command do");
    expect(await dan.next("command failed")).toMatchObject({ reason: "expired", command_id: sent });
    expect(await status(monitorId, sent, hasty)).toBe("expired");
  });

  it("counts the wait and the answer apart", async () => {
    const monitorId = newMonitorId();
    const dan = await user(monitorId);
    const id = await dan.send("a", { wait_ms: 1_500, answer_ms: 60_000 });
    const device = await monitor(monitorId);
    await device.next("command do");
    const marker = await dan.send("marker", { wait_ms: 1_500, answer_ms: 1_800 });
    // Its own wait is long over when the marker expires.
    expect(await dan.next("command failed")).toMatchObject({ command_id: marker });
    expect(await status(monitorId, id)).toBe("sent");
  });
});

describe("a late answer", () => {
  it("is told to the sender as late, and the status is the truth about the device", async () => {
    const monitorId = newMonitorId();
    const dan = await user(monitorId);
    const device = await monitor(monitorId);
    const done = await dan.send("slow", { answer_ms: 100 });
    expect(await dan.next("command failed")).toMatchObject({ reason: "expired", command_id: done });
    device.emit("command done");
    expect(await dan.next("command finish")).toMatchObject({ late: true, command_id: done });
    expect(await status(monitorId, done)).toBe("done late");

    const failed = await dan.send("slow too", { answer_ms: 100 });
    expect(await dan.next("command failed")).toMatchObject({
      reason: "expired",
      command_id: failed,
    });
    device.emit("command error", { reason: "too hot" });
    expect(await dan.next("command failed")).toMatchObject({
      reason: "too hot",
      late: true,
      command_id: failed,
    });
    expect(await status(monitorId, failed)).toBe("failed late");
  });

  it("keeps its place: the expired command is still the oldest that is unanswered", async () => {
    const monitorId = newMonitorId();
    const dan = await user(monitorId);
    const device = await monitor(monitorId);
    const slow = await dan.send("slow", { answer_ms: 100 });
    expect(await dan.next("command failed")).toMatchObject({ reason: "expired", command_id: slow });
    const next = await dan.send("next");
    device.emit("command done");
    expect(await dan.next("command finish")).toMatchObject({ late: true, command_id: slow });
    device.emit("command done");
    const finish = await dan.next("command finish");
    expect(finish).toMatchObject({ command_id: next });
    expect(finish.late ?? false).toBe(false);
  });

  it("has no place any more once the monitor has dropped", async () => {
    const monitorId = newMonitorId();
    const dan = await user(monitorId);
    const device = await monitor(monitorId);
    const slow = await dan.send("slow", { answer_ms: 100 });
    await dan.next("command failed");
    device.disconnect();
    const back = await monitor(monitorId);
    const next = await dan.send("next");
    expect(await back.next("command do")).toMatchObject({ command_id: next });
    back.emit("command done");
    expect(await dan.next("command finish")).toMatchObject({ command_id: next });
    expect(await status(monitorId, slow)).toBe("expired");
  });
});

describe("a monitor that drops with a command in its hands", () => {
  it("fails it as `monitor disconnected`, and does not get it again", async () => {
    const monitorId = newMonitorId();
    const dan = await user(monitorId);
    const device = await monitor(monitorId);
    const id = await dan.send("once only");
    await device.next("command do");
    device.disconnect();
    expect(await dan.next("command failed")).toMatchObject({
      reason: "monitor disconnected",
      command_id: id,
    });
    expect(await status(monitorId, id)).toBe("failed");
    const back = await monitor(monitorId);
    const next = await dan.send("next");
    expect(await back.next("command do")).toMatchObject({ command: "next", command_id: next });
  });

  it("gets it again on its next con if it was sent with retry, before what came later", async () => {
    const monitorId = newMonitorId();
    const dan = await user(monitorId);
    const device = await monitor(monitorId);
    const again = await dan.send("again", { retry: true });
    await device.next("command do");
    device.disconnect();
    await gone(monitorId);
    const later = await dan.send("later");
    const back = await monitor(monitorId);
    expect(await back.next("command do")).toMatchObject({ command: "again", command_id: again });
    expect(await back.next("command do")).toMatchObject({ command: "later", command_id: later });
    back.emit("command done");
    expect(await dan.next("command finish")).toMatchObject({ command_id: again });
  });

  it("gets it again only so many times as the config says", async () => {
    const monitorId = newMonitorId();
    const dan = await user(monitorId, hasty);
    const first = await monitor(monitorId, hasty);
    const id = await dan.send("again", { retry: true, wait_ms: 60_000, answer_ms: 60_000 });
    await first.next("command do");
    first.disconnect();
    await gone(monitorId, hasty);
    const second = await monitor(monitorId, hasty);
    expect(await second.next("command do")).toMatchObject({ command_id: id });
    second.disconnect();
    expect(await dan.next("command failed")).toMatchObject({
      reason: "monitor disconnected",
      command_id: id,
    });
    expect(await status(monitorId, id, hasty)).toBe("failed");
  });
});

describe("idempotency_key", () => {
  it("gives the first one's answer, and the monitor gets one command", async () => {
    const monitorId = newMonitorId();
    const [dan, eve] = [await user(monitorId), await user(monitorId)];
    const device = await monitor(monitorId);
    const key = "order 66/ü";
    const id = await dan.send("a", { idempotency_key: key });
    expect(await dan.send("a", { idempotency_key: key })).toBe(id);
    expect(await dan.send("a", { idempotency_key: "another" })).not.toBe(id);
    expect(await eve.send("b")).not.toBe(id);
    expect((await commandsOf(server.url, monitorId)).map(({ command }) => command)).toEqual([
      "a",
      "a",
      "b",
    ]);
    for (const command of ["a", "a", "b"])
      expect(await device.next("command do")).toMatchObject({ command });
  });

  it("holds beyond the command's end", async () => {
    const monitorId = newMonitorId();
    const dan = await user(monitorId);
    const device = await monitor(monitorId);
    const id = await dan.send("a", { idempotency_key: "k" });
    await device.next("command do");
    device.emit("command done");
    await dan.next("command finish");
    dan.emit("command send", { command: "a", idempotency_key: "k" });
    const { event, payload } = await dan.events.next();
    expect(["command ok", "command finish"]).toContain(event);
    expect(payload).toMatchObject({ command_id: id });
    const other = await (await user(monitorId)).send("b");
    expect(await device.next("command do")).toMatchObject({ command_id: other });
  });

  it("is a key of one monitor: another's may be spelled alike", async () => {
    const [here, there] = [newMonitorId(), newMonitorId()];
    const id = await (await user(here)).send("a", { idempotency_key: "k" });
    expect(await (await user(there)).send("a", { idempotency_key: "k" })).not.toBe(id);
  });
});
