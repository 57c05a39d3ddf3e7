/** devices: whose command an answer is about, and who is told. */
import { beforeAll, describe, expect, it } from "vitest";
import { DeviceSocket, newMonitorId } from "../support/device-socket.ts";
import { scopePerFile, scopePerTest } from "../support/scope.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";

const file = scopePerFile();
const scope = scopePerTest();
/** As it comes: an answer is told to the sender. */
let server: ServerProcess;
/** As the original: an answer is told to every user of the monitor. */
let original: ServerProcess;

beforeAll(async () => {
  server = await startServer(file);
  original = await startServer(file, { config: { services: { devices: { answers: "all" } } } });
});

const uuidV7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Shows that nothing has come to a user: what its bad command brings is the next. */
async function nothingCame(user: DeviceSocket): Promise<void> {
  user.emit("command send", { command: "" });
  expect(await user.next("command failed")).toMatchObject({ reason: "Invalid command" });
}

describe("command_id", () => {
  it("is one UUIDv7 in all that is said about a command", async () => {
    const monitorId = newMonitorId();
    const dan = await DeviceSocket.user(scope, server.url, monitorId);
    const device = await DeviceSocket.monitor(scope, server.url, monitorId);
    const done = await dan.send("a");
    expect(done).toMatch(uuidV7);
    expect(await device.next("command do")).toMatchObject({ command: "a", command_id: done });
    device.emit("command done");
    expect(await dan.next("command finish")).toMatchObject({ command_id: done });
    const failed = await dan.send("a");
    expect(failed).toMatch(uuidV7);
    expect(failed > done).toBe(true);
    expect(await device.next("command do")).toMatchObject({ command_id: failed });
    device.emit("command error", { reason: "no" });
    expect(await dan.next("command failed")).toMatchObject({ reason: "no", command_id: failed });
  });
});

describe("an answer without an id", () => {
  it("is about the oldest unanswered command, whoever sent it, and told to its sender", async () => {
    const monitorId = newMonitorId();
    const dan = await DeviceSocket.user(scope, server.url, monitorId);
    const eve = await DeviceSocket.user(scope, server.url, monitorId);
    const device = await DeviceSocket.monitor(scope, server.url, monitorId);
    const first = await dan.send("first");
    const second = await eve.send("second");
    const third = await dan.send("third");
    for (const command of ["first", "second", "third"])
      expect(await device.next("command do")).toMatchObject({ command });
    device.emit("command done");
    expect(await dan.next("command finish")).toMatchObject({ command_id: first });
    device.emit("command error", { reason: "not this one" });
    expect(await eve.next("command failed")).toMatchObject({
      command_id: second,
      reason: "not this one",
    });
    device.emit("command done");
    expect(await dan.next("command finish")).toMatchObject({ command_id: third });
    await nothingCame(dan);
    await nothingCame(eve);
  });

  it("is about commands of that monitor only", async () => {
    const [here, there] = [newMonitorId(), newMonitorId()];
    const dan = await DeviceSocket.user(scope, server.url, here);
    const eve = await DeviceSocket.user(scope, server.url, there);
    const deviceHere = await DeviceSocket.monitor(scope, server.url, here);
    const deviceThere = await DeviceSocket.monitor(scope, server.url, there);
    const id = await dan.send("here");
    await deviceHere.next("command do");
    expect(await deviceThere.call("command done")).toEqual([]);
    await nothingCame(dan);
    await nothingCame(eve);
    deviceHere.emit("command done");
    expect(await dan.next("command finish")).toMatchObject({ command_id: id });
  });

  it("is told to nobody when its sender has left, and does not shift the next", async () => {
    const monitorId = newMonitorId();
    const dan = await DeviceSocket.user(scope, server.url, monitorId);
    const eve = await DeviceSocket.user(scope, server.url, monitorId);
    const device = await DeviceSocket.monitor(scope, server.url, monitorId);
    await dan.send("dan's");
    dan.disconnect();
    const id = await eve.send("eve's");
    device.emit("command error", { reason: "dan's failed" });
    device.emit("command done");
    expect(await eve.next("command finish")).toMatchObject({ command_id: id });
  });
});

describe("an answer that echoes command_id", () => {
  it("may come out of order", async () => {
    const monitorId = newMonitorId();
    const dan = await DeviceSocket.user(scope, server.url, monitorId);
    const device = await DeviceSocket.monitor(scope, server.url, monitorId);
    const ids = [
      await dan.send("a"),
      await dan.send("b"),
      await dan.send("c"),
      await dan.send("d"),
    ];
    device.emit("command done", { command_id: ids[2] });
    expect(await dan.next("command finish")).toMatchObject({ command_id: ids[2] });
    device.emit("command error", { command_id: ids[1], reason: "not b" });
    expect(await dan.next("command failed")).toMatchObject({ command_id: ids[1], reason: "not b" });
    // Those without an id go on with the oldest that is unanswered.
    device.emit("command done");
    expect(await dan.next("command finish")).toMatchObject({ command_id: ids[0] });
    device.emit("command done", null);
    expect(await dan.next("command finish")).toMatchObject({ command_id: ids[3] });
  });

  it("of a command already answered, of another monitor's or of none is told to nobody", async () => {
    const [here, there] = [newMonitorId(), newMonitorId()];
    const dan = await DeviceSocket.user(scope, server.url, here);
    const eve = await DeviceSocket.user(scope, server.url, there);
    const device = await DeviceSocket.monitor(scope, server.url, here);
    await DeviceSocket.monitor(scope, server.url, there);
    const foreign = await eve.send("there");
    const answered = await dan.send("a");
    device.emit("command done", { command_id: answered });
    await dan.next("command finish");
    const open = await dan.send("b");
    const wrong = [answered, foreign, "01890000-0000-7000-8000-000000000000"];
    for (const command_id of wrong) await device.call("command done", { command_id });
    await nothingCame(dan);
    await nothingCame(eve);
    device.emit("command done", { command_id: open });
    expect(await dan.next("command finish")).toMatchObject({ command_id: open });
  });
});

describe("watching", () => {
  it("tells a user who asked of every answer for that monitor", async () => {
    const monitorId = newMonitorId();
    const dan = await DeviceSocket.user(scope, server.url, monitorId);
    const watcher = await DeviceSocket.user(scope, server.url, monitorId, { watch: true });
    const other = await DeviceSocket.user(scope, server.url, monitorId, { watch: false });
    const elsewhere = await DeviceSocket.user(scope, server.url, newMonitorId(), { watch: true });
    const device = await DeviceSocket.monitor(scope, server.url, monitorId);
    const done = await dan.send("a");
    const failed = await dan.send("b");
    device.emit("command done");
    device.emit("command error", { reason: "not b" });
    expect(await watcher.until("command finish")).toMatchObject({
      command_id: done,
      reason: "Command finish",
    });
    expect(await watcher.until("command failed")).toMatchObject({
      command_id: failed,
      reason: "not b",
    });
    expect(await dan.next("command finish")).toMatchObject({ command_id: done });
    expect(await dan.next("command failed")).toMatchObject({ command_id: failed });
    await nothingCame(other);
    await nothingCame(elsewhere);
  });

  it("tells a watcher once of the answer to a command of its own", async () => {
    const monitorId = newMonitorId();
    const watcher = await DeviceSocket.user(scope, server.url, monitorId, { watch: true });
    const device = await DeviceSocket.monitor(scope, server.url, monitorId);
    const id = await watcher.send("mine");
    device.emit("command done");
    expect(await watcher.next("command finish")).toMatchObject({ command_id: id });
    await nothingCame(watcher);
  });
});

describe('answers: "all"', () => {
  it("tells every user of the monitor, as the original does", async () => {
    const monitorId = newMonitorId();
    const dan = await DeviceSocket.user(scope, original.url, monitorId);
    const eve = await DeviceSocket.user(scope, original.url, monitorId);
    const elsewhere = await DeviceSocket.user(scope, original.url, newMonitorId());
    const device = await DeviceSocket.monitor(scope, original.url, monitorId);
    const id = await dan.send("a");
    device.emit("command done");
    expect(await dan.next("command finish")).toMatchObject({ command_id: id });
    expect(await eve.next("command finish")).toMatchObject({ command_id: id });
    await eve.send("b");
    device.emit("command error", { reason: "not b" });
    expect(await dan.next("command failed")).toMatchObject({ reason: "not b" });
    expect(await eve.next("command failed")).toMatchObject({ reason: "not b" });
    await nothingCame(elsewhere);
  });

  it("still tells a bad command to its sender only", async () => {
    const monitorId = newMonitorId();
    const dan = await DeviceSocket.user(scope, original.url, monitorId);
    const eve = await DeviceSocket.user(scope, original.url, monitorId);
    dan.emit("command send", { command: "" });
    expect(await dan.next("command failed")).toMatchObject({ reason: "Invalid command" });
    const id = await eve.send("good");
    const device = await DeviceSocket.monitor(scope, original.url, monitorId);
    device.emit("command done");
    expect(await eve.next("command finish")).toMatchObject({ command_id: id });
  });
});
