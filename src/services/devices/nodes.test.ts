/** Who is told, who holds an id, and two nodes. */
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

describe("who is told", () => {
  test("the sender and who watches, each once, and all with answers: all", async () => {
    const node = await cluster.start();
    const sender = await node.user(id, { watch: true });
    const watcher = await node.user(id, { watch: true });
    const other = await node.user(id);
    const left = await node.user(id, { watch: true });
    await left.emit("query", { monitor_id: "x".repeat(32) });
    await left.next("query ok");
    const monitor = await node.monitor(id);
    const command_id = await sender.send("x");
    void monitor.emit("command done");
    for (const user of [sender, watcher]) {
      expect(await user.next("command finish")).toEqual({ reason: "Command finish", command_id });
    }
    for (const user of [sender, watcher, other, left]) await user.heardNothing();
    const all = await cluster.start({ answers: "all" });
    const [one, two] = [await all.user(id), await all.user(id)];
    await one.send("y");
    void monitor.emit("command done");
    await one.next("command finish");
    await two.next("command finish");
  });

  test("the same key gives the first one's answer, on both nodes at once and after the end", async () => {
    const [a, b] = [await cluster.start(), await cluster.start()];
    const [dan, eve] = [await a.user(id), await b.user(id)];
    const [first, second] = await Promise.all([
      dan.send("x", { idempotency_key: "k" }),
      eve.send("x", { idempotency_key: "k" }),
    ]);
    expect(second).toBe(first);
    expect(await cluster.log(a, id)).toEqual(["queued"]);
    const monitor = await b.monitor(id);
    await monitor.next("command do");
    void monitor.emit("command done");
    await dan.next("command finish");
    await eve.next("command finish");
    await cluster.clock.advance(3_600_000);
    expect(await eve.send("x", { idempotency_key: "k" })).toBe(first);
    expect(await eve.next("command finish")).toEqual({
      reason: "Command finish",
      command_id: first,
    });
    const answer = await a.request(
      "sendCommand",
      { monitor_id: id },
      { command: "x", idempotency_key: "k" },
    );
    expect(answer).toEqual({ status: 201, json: { data: { command_id: first } } });
    await cluster.clock.advance(86_400_000);
    expect(await eve.send("x", { idempotency_key: "k" })).not.toBe(first);
  });
});

describe("who holds an id", () => {
  test("a living holder keeps it, of two at once one gets it", async () => {
    const [a, b] = [await cluster.start(), await cluster.start()];
    const rivals = [a.client(), a.client(), b.client()];
    await Promise.all(rivals.map((rival) => rival.emit("con", { monitor_id: id })));
    const outcomes = await Promise.all(
      rivals.map((rival) =>
        rival.next("con ok").then(
          () => "ok",
          (error) => String(error),
        ),
      ),
    );
    expect(outcomes.filter((outcome) => outcome === "ok").length).toBe(1);
    const refused = outcomes.filter((outcome) =>
      outcome.includes('con failed {"reason":"monitor_id already registered"}'),
    );
    expect(refused.length).toBe(2);
  });

  test.each([
    ["its own node", false],
    ["another node", true],
  ])("a dead holder on %s is closed, and what it held is settled first", async (_, isElsewhere) => {
    const a = await cluster.start();
    const b = isElsewhere ? await cluster.start() : a;
    const user = await b.user(id);
    const dead = await a.monitor(id);
    const lost = await user.send("lost");
    const kept = await user.send("kept", { retry: true });
    await dead.next("command do");
    await dead.next("command do");
    dead.isAlive = false;
    const monitor = b.client();
    void monitor.emit("con", { monitor_id: id });
    await cluster.clock.advance(1999);
    await dead.heardNothing();
    await cluster.clock.advance(1);
    expect(await dead.next("closed")).toBe(4409);
    await monitor.next("con ok");
    expect(await user.next("command failed")).toEqual({
      reason: "monitor disconnected",
      command_id: lost,
    });
    expect(await monitor.next("command do")).toMatchObject({ command_id: kept });
  });

  test("a node that dies holds nothing: the monitor comes back elsewhere with what is in its hands", async () => {
    const [a, b] = [await cluster.start(), await cluster.start()];
    const user = await b.user(id);
    const before = await a.monitor(id);
    const command_id = await user.send("x");
    await before.next("command do");
    await a.kill();
    const monitor = await b.monitor(id);
    await cluster.clock.advance(60_000);
    void monitor.emit("command done");
    expect(await user.next("command finish")).toEqual({ reason: "Command finish", command_id });
  });
});

describe("two nodes", () => {
  test("a user on one, a monitor on the other", async () => {
    const [a, b] = [await cluster.start(), await cluster.start()];
    const [user, monitor] = [await a.user(id), await b.monitor(id)];
    const command_id = await user.send("x");
    expect(await monitor.next("command do")).toEqual({ command: "x", command_id });
    void monitor.emit("command done");
    expect(await user.next("command finish")).toMatchObject({ command_id });
    const there = await user.send("now", { wait_ms: 0 });
    expect(await monitor.next("command do")).toMatchObject({ command_id: there });
  });

  test("expire a command once, and it is told once", async () => {
    const nodes = [await cluster.start(), await cluster.start(), await cluster.start()];
    const [first] = nodes;
    if (first === undefined) throw new Error("no node");
    const users = await Promise.all(nodes.map((node) => node.user(id, { watch: true })));
    const sent = await users[0]?.send("x");
    await cluster.clock.advance(60_000);
    for (const user of users) {
      expect(await user.next("command failed")).toEqual({ reason: "expired", command_id: sent });
      await user.heardNothing();
    }
    expect(await cluster.log(first, id)).toEqual(["queued", "expired"]);
  });

  test("many users of both send at once: each command is done once, in the log's order", async () => {
    const [a, b] = [await cluster.start(), await cluster.start()];
    const monitor = await a.monitor(id);
    const users = await Promise.all(
      Array.from({ length: 40 }, (_, nth) => (nth % 2 === 0 ? a : b).user(id)),
    );
    const sent = await Promise.all(users.map((user, nth) => user.send(`${nth}`)));
    const got: string[] = [];
    for (const _ of sent) {
      got.push((await monitor.next("command do")).command_id);
      void monitor.emit("command done");
    }
    expect(new Set(got)).toEqual(new Set(sent));
    for (const [nth, user] of users.entries())
      expect(await user.next("command finish")).toMatchObject({ command_id: sent[nth] });
    await monitor.heardNothing();
    const types = await cluster.log(a, id);
    expect(types.filter((type) => type === "sent").length).toBe(40);
    expect(types.length).toBe(120);
  });

  test("what a node does not know yet: the new holder waits for it, and so does a cancel", async () => {
    const [a, b] = [await cluster.start(), await cluster.start()];
    const user = await a.user(id);
    const before = await a.monitor(id);
    b.log.holdBack();
    const command_id = await user.send("x");
    await before.next("command do");
    await a.kill();
    const monitor = b.client();
    void monitor.emit("con", { monitor_id: id });
    await cluster.clock.advance(0);
    await monitor.heardNothingYet();
    b.log.letGo();
    await monitor.next("con ok");
    const watcher = await b.user(id, { watch: true });
    void monitor.emit("command done");
    expect(await watcher.next("command finish")).toMatchObject({ command_id });

    const c = await cluster.start();
    await monitor.leave();
    c.log.holdBack();
    const waiting = await watcher.send("y");
    const cancelling = c.request("cancelCommand", { monitor_id: id, id: waiting });
    await cluster.clock.advance(0);
    c.log.letGo();
    expect((await cancelling).status).toBe(200);
  });

  test("what was stored as sent and never left, because its monitor was being closed, has not been in its hands", async () => {
    const [a, b] = [await cluster.start(), await cluster.start()];
    const [user, monitor] = [await b.user(id), await a.monitor(id)];
    a.log.holdBack();
    const lost = await user.send("lost");
    const kept = await user.send("kept", { retry: true });
    a.log.letGo();
    a.log.holdBack();
    await cluster.clock.advance(0);
    expect(await cluster.log(b, id)).toEqual(["queued", "queued", "sent", "sent"]);
    monitor.connection.close("restarting", "");
    await cluster.clock.advance(0);
    a.log.letGo();
    expect(await user.next("command failed")).toEqual({
      reason: "monitor disconnected",
      command_id: lost,
    });
    expect(await monitor.next("closed")).toBe(1012);
    const back = await b.monitor(id);
    expect(await back.next("command do")).toMatchObject({ command_id: kept });
  });
});
