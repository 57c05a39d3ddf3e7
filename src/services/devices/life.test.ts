/** The life of a command on one node: time, drops, restarts, a store that fails. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Cluster } from "./devices-harness.suite.ts";

const id = "0123456789abcdef0123456789abcdef";
let cluster: Cluster;

beforeEach(() => {
  cluster = new Cluster();
});

afterEach(() => {
  expect(cluster.errors).toEqual([]);
});

describe("the life of a command", () => {
  test("waits for the monitor, in order, after con ok", async () => {
    const node = await cluster.start();
    const [dan, eve] = [await node.user(id), await node.user(id)];
    const ids = [await dan.send("a"), await eve.send("b"), await dan.send("c")];
    const monitor = await node.monitor(id);
    for (const command_id of ids)
      expect(await monitor.next("command do")).toMatchObject({ command_id });
  });

  test("expires while it waits, and is not handed over then", async () => {
    const node = await cluster.start();
    const user = await node.user(id);
    const short = await user.send("short", { wait_ms: 100 });
    const long = await user.send("long");
    await cluster.clock.advance(99);
    await user.heardNothing();
    await cluster.clock.advance(1);
    expect(await user.next("command failed")).toEqual({ reason: "expired", command_id: short });
    const monitor = await node.monitor(id);
    expect(await monitor.next("command do")).toMatchObject({ command_id: long });
    void monitor.emit("command done", { command_id: short });
    void monitor.emit("command done");
    expect(await user.next("command finish")).toEqual({
      reason: "Command finish",
      command_id: long,
    });
  });

  test("with wait_ms 0 fails at once, unless the monitor is there", async () => {
    const node = await cluster.start();
    const user = await node.user(id);
    const gone = await user.send("now", { wait_ms: 0 });
    await cluster.clock.advance(0);
    expect(await user.next("command failed")).toEqual({ reason: "expired", command_id: gone });
    const monitor = await node.monitor(id);
    const there = await user.send("now", { wait_ms: 0 });
    expect(await monitor.next("command do")).toMatchObject({ command_id: there });
  });

  test("expires in the monitor's hands, keeps its place, and the late answer is told", async () => {
    const node = await cluster.start({ answerMs: 1000 });
    const [user, monitor] = [await node.user(id), await node.monitor(id)];
    const slow = await user.send("slow");
    await cluster.clock.advance(1000);
    expect(await user.next("command failed")).toEqual({ reason: "expired", command_id: slow });
    const next = await user.send("next", { answer_ms: 10_000 });
    void monitor.emit("command done");
    expect(await user.next("command finish")).toEqual({
      reason: "Command finish",
      command_id: slow,
      late: true,
    });
    void monitor.emit("command error", { reason: "no" });
    expect(await user.next("command failed")).toEqual({ reason: "no", command_id: next });
  });

  test("fails with its monitor, or is handed over again as often as it may", async () => {
    const node = await cluster.start({ retries: 2 });
    const user = await node.user(id);
    let monitor = await node.monitor(id);
    const lost = await user.send("lost");
    const kept = await user.send("kept", { retry: true });
    await monitor.next("command do");
    for (let time = 0; time < 3; time++) {
      expect(await monitor.next("command do")).toMatchObject({ command_id: kept, command: "kept" });
      await monitor.leave();
      if (time === 0)
        expect(await user.next("command failed")).toEqual({
          reason: "monitor disconnected",
          command_id: lost,
        });
      monitor = await node.monitor(id);
    }
    expect(await user.next("command failed")).toEqual({
      reason: "monitor disconnected",
      command_id: kept,
    });
    await user.send("after");
    expect(await monitor.next("command do")).toMatchObject({ command: "after" });
  });

  test("an answer that came before the monitor's close still counts", async () => {
    const node = await cluster.start();
    const [user, monitor] = [await node.user(id), await node.monitor(id)];
    const command_id = await user.send("x");
    await monitor.next("command do");
    void monitor.emit("command done");
    await monitor.leave();
    expect(await user.next("command finish")).toMatchObject({ command_id });
  });

  test("is cancelled while it waits, and not later", async () => {
    const node = await cluster.start();
    const user = await node.user(id);
    const command_id = await user.send("x");
    const cancel = () => node.request("cancelCommand", { monitor_id: id, id: command_id });
    expect(await cancel()).toEqual({
      status: 200,
      json: { data: { command_id, status: "cancelled" } },
    });
    expect(await user.next("command failed")).toEqual({ reason: "cancelled", command_id });
    expect((await cancel()).status).toBe(409);
    expect((await node.request("cancelCommand", { monitor_id: id, id: "__proto__" })).status).toBe(
      404,
    );
    const sent = await user.send("y");
    const monitor = await node.monitor(id);
    expect(await monitor.next("command do")).toMatchObject({ command_id: sent });
    expect((await node.request("cancelCommand", { monitor_id: id, id: sent })).status).toBe(409);
  });

  test("at most so many wait for a monitor, and a command has its length", async () => {
    const node = await cluster.start({ maxQueued: 2, maxCommandLength: 5 });
    const user = await node.user(id);
    await user.send("1");
    await user.send("2");
    void user.emit("command send", { command: "3" });
    expect((await user.next("command failed")).reason).toMatch(/^over_capacity/);
    expect((await node.request("sendCommand", { monitor_id: id }, { command: "4" })).status).toBe(
      503,
    );
    void user.emit("command send", { command: "123456" });
    expect((await user.next("command failed")).reason).toMatch(/^too_large/);
    const monitor = await node.monitor(id);
    await monitor.next("command do");
    await monitor.next("command do");
    await user.send("5");
  });

  test("commands of all monitors have bounds, which ended ones do not count for", async () => {
    const node = await cluster.start({ maxCommands: 2, maxHeldLength: 10 });
    const [user, monitor] = [await node.user(id), await node.monitor(id)];
    const refused = async (command: string) => {
      void user.emit("command send", { command });
      return (await user.next("command failed")).reason;
    };
    for (let round = 0; round < 3; round++) {
      await user.send("1234567890", { retry: true });
      expect(await refused("1")).toMatch(/maxHeldLength/);
      await monitor.emit("command done");
      await user.next("command finish");
      // Without retry a text is held until it has been handed over.
      await user.send("1234567890");
      await monitor.next("command do");
      await monitor.next("command do");
      await user.send("1234567890");
      await monitor.next("command do");
      expect(await refused("1")).toMatch(/maxCommands/);
      await monitor.emit("command done");
      await monitor.emit("command done");
      await user.next("command finish");
      await user.next("command finish");
    }
  });

  test("nothing is left of a command that has ended: no timer, and its key is forgotten for newer ones", async () => {
    const node = await cluster.start({ maxIdempotencyKeys: 2 });
    const [user, monitor] = [await node.user(id), await node.monitor(id)];
    const ids: string[] = [];
    for (const key of ["a", "b", "c"]) {
      ids.push(
        await user.send("x", {
          idempotency_key: key,
          wait_ms: 2_000_000_000,
          answer_ms: 2_000_000_000,
        }),
      );
      await monitor.emit("command done");
      await user.next("command finish");
    }
    await cluster.clock.advance(130_000);
    expect(cluster.clock.pending).toBe(0);
    for (const key of ["b", "c"]) {
      expect(ids).toContain(await user.send("x", { idempotency_key: key }));
      await user.next("command finish");
    }
    expect(ids).not.toContain(await user.send("x", { idempotency_key: "a" }));
  });

  test("a monitor's hands hold only so many: expired ones lose their place, others wait", async () => {
    const node = await cluster.start({ maxUnanswered: 2 });
    const [user, monitor] = [await node.user(id), await node.monitor(id)];
    const [a, b, c] = [
      await user.send("a", { answer_ms: 1000 }),
      await user.send("b"),
      await user.send("c"),
    ];
    expect(await monitor.next("command do")).toMatchObject({ command_id: a });
    expect(await monitor.next("command do")).toMatchObject({ command_id: b });
    await cluster.clock.advance(1000);
    expect(await user.next("command failed")).toMatchObject({ command_id: a });
    expect(await monitor.next("command do")).toMatchObject({ command_id: c });
    void monitor.emit("command done");
    expect(await user.next("command finish")).toMatchObject({ command_id: b });
  });
});

describe("a restart", () => {
  test.each(["stop", "kill"] as const)(
    "by %s changes nothing: deadlines, hands, order",
    async (how) => {
      const before = await cluster.start();
      const [user, monitor] = [await before.user(id), await before.monitor(id)];
      const inHands = await user.send("in hands");
      await monitor.next("command do");
      const other = "y".repeat(32);
      const patient = await before.user(other);
      const waiting = await patient.send("waiting");
      const short = await patient.send("short", { wait_ms: 10_000 });
      await before[how]();
      await cluster.clock.advance(20_000);
      const after = await cluster.start();
      const watcher = await after.user(id, { watch: true });
      const otherWatcher = await after.user(other, { watch: true });
      await cluster.clock.advance(0);
      expect(await otherWatcher.next("command failed")).toEqual({
        reason: "expired",
        command_id: short,
      });
      const back = await after.monitor(id);
      const next = await watcher.send("next");
      expect(await back.next("command do")).toMatchObject({ command_id: next });
      void back.emit("command done");
      expect(await watcher.next("command finish")).toMatchObject({ command_id: inHands });
      const otherMonitor = await after.monitor(other);
      expect(await otherMonitor.next("command do")).toEqual({
        command: "waiting",
        command_id: waiting,
      });
    },
  );

  test("a monitor that is not back in time has dropped", async () => {
    const before = await cluster.start();
    const [user, monitor] = [await before.user(id), await before.monitor(id)];
    const lost = await user.send("lost");
    const kept = await user.send("kept", { retry: true });
    await monitor.next("command do");
    await monitor.next("command do");
    await before.kill();
    await cluster.clock.advance(300_000);
    const after = await cluster.start();
    const watcher = await after.user(id, { watch: true });
    await cluster.clock.advance(59_999);
    await watcher.heardNothing();
    await cluster.clock.advance(1);
    expect(await watcher.next("command failed")).toEqual({
      reason: "monitor disconnected",
      command_id: lost,
    });
    const back = await after.monitor(id);
    expect(await back.next("command do")).toEqual({ command: "kept", command_id: kept });
  });
});

describe("a store that fails for a while", () => {
  test.each(["refuses", "loses answers"] as const)(
    "and %s: the monitor's word is not lost, and told once",
    async (outage) => {
      const node = await cluster.start();
      const [user, monitor] = [await node.user(id), await node.monitor(id)];
      const [first, second] = [await user.send("1", { retry: true }), await user.send("2")];
      await monitor.next("command do");
      await monitor.next("command do");
      node.log.outage = outage;
      void monitor.emit("command done");
      void monitor.emit("command error", { reason: "no" });
      await cluster.clock.advance(3500);
      node.log.outage = undefined;
      await monitor.leave();
      await cluster.clock.advance(1000);
      expect(await user.next("command finish")).toEqual({
        reason: "Command finish",
        command_id: first,
      });
      expect(await user.next("command failed")).toEqual({ reason: "no", command_id: second });
      await user.heardNothing();
    },
  );

  test.each(["refuses", "loses answers"] as const)(
    "and %s: what is due is done later, once",
    async (outage) => {
      const node = await cluster.start();
      const [user, short] = [await node.user(id), await node.user(id)];
      const [kept, late] = [await user.send("x"), await short.send("short", { wait_ms: 500 })];
      const monitor = await node.monitor("y".repeat(32));
      node.log.outage = outage;
      void monitor.emit("con", { monitor_id: id });
      await monitor.next("con ok");
      await cluster.clock.advance(700);
      node.log.outage = undefined;
      await cluster.clock.advance(1000);
      const seen = outage === "refuses" ? [kept] : [kept, late];
      for (const command_id of seen)
        expect(await monitor.next("command do")).toMatchObject({ command_id });
      if (outage === "refuses")
        expect(await short.next("command failed")).toEqual({ reason: "expired", command_id: late });
      await monitor.heardNothing();
    },
  );

  test("a command that cannot be stored closes its sender, who may come again", async () => {
    const node = await cluster.start();
    const user = await node.user(id);
    node.log.outage = "refuses";
    void user.emit("command send", { command: "x" });
    expect(await user.next("closed")).toBe(1013);
    expect((await node.request("sendCommand", { monitor_id: id }, { command: "x" })).status).toBe(
      503,
    );
    node.log.outage = undefined;
    await (await node.user(id)).send("x");
  });
});
