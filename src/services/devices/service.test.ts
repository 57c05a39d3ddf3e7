/** The devices service at the transport's seam: the original's protocol to the letter, HTTP, auth. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Principal } from "../../kit/index.ts";
import { Cluster } from "./devices-harness.suite.ts";

const id = "0123456789abcdef0123456789abcdef";
let cluster: Cluster;

beforeEach(() => {
  cluster = new Cluster();
});

afterEach(() => {
  expect(cluster.errors).toEqual([]);
});

describe("the original's protocol", () => {
  test("a command goes to the monitor and its end to the user, to the letter", async () => {
    const node = await cluster.start();
    const [user, monitor] = [node.client(), node.client()];
    void user.emit("query", { monitor_id: id });
    expect(await user.next("query ok")).toEqual({ reason: "Query ok" });
    void monitor.emit("con", { monitor_id: id });
    expect(await monitor.next("con ok")).toEqual({ reason: "Connection ok" });
    void user.emit("command send", { command: "open" });
    const { command_id, ...ok } = await user.next("command ok");
    expect(ok).toEqual({ reason: "Command ok" });
    expect(await monitor.next("command do")).toEqual({ command: "open", command_id });
    void monitor.emit("command done");
    expect(await user.next("command finish")).toEqual({ reason: "Command finish", command_id });
    const failing = await user.send("close");
    expect(await monitor.next("command do")).toEqual({ command: "close", command_id: failing });
    void monitor.emit("command error", { reason: "stuck" });
    expect(await user.next("command failed")).toEqual({ reason: "stuck", command_id: failing });
    await user.heardNothing();
  });

  test.each([
    undefined,
    null,
    "x",
    5,
    [],
    {},
    { monitor_id: null },
    { monitor_id: "short" },
    { monitor_id: [id] },
    { monitor_id: `${id}\ud800` },
  ])("query and con with %j fail and close, the failure first", async (payload) => {
    const node = await cluster.start();
    for (const name of ["query", "con"]) {
      const client = node.client();
      void client.emit(name, payload);
      expect(await client.next(`${name} failed`)).toEqual({ reason: "Invalid monitor_id" });
      expect(await client.next("closed")).toBe(1000);
    }
  });

  test.each([
    undefined,
    null,
    "x",
    5,
    [],
    {},
    { command: null },
    { command: "" },
    { command: 5 },
    { command: ["x"] },
  ])("command send with %j fails and goes on", async (payload) => {
    const user = await (await cluster.start()).user(id);
    void user.emit("command send", payload);
    expect(await user.next("command failed")).toEqual({ reason: "Invalid command" });
    await user.send("good");
  });

  test("a bad field of ours is named", async () => {
    const user = await (await cluster.start()).user(id);
    for (const field of ["wait_ms", "answer_ms", "retry", "idempotency_key"]) {
      void user.emit("command send", { command: "x", [field]: {} });
      expect((await user.next("command failed")).reason).toContain(field);
    }
  });

  test("ids of 32 characters of any kind are good, of two kinds of subject", async () => {
    const node = await cluster.start();
    for (const monitorId of [
      "é".repeat(32),
      "😀".repeat(32),
      "/".repeat(32),
      `${"\n".repeat(31)}.`,
    ]) {
      const [user, monitor] = [await node.user(monitorId), await node.monitor(monitorId)];
      const command_id = await user.send("x");
      expect(await monitor.next("command do")).toEqual({ command: "x", command_id });
    }
    expect((await node.request("devices", {})).json.data.length).toBe(4);
  });

  test("what is out of order disturbs nobody", async () => {
    const node = await cluster.start();
    const stranger = node.client();
    await stranger.emit("command done");
    await stranger.emit("command error", { reason: "x" });
    await stranger.emit("command error", {});
    await stranger.emit("nothing", {});
    void stranger.emit("command send", { command: "early" });
    expect((await stranger.next("command failed")).reason).toMatch(/query/);
    const [user, monitor] = [await node.user(id), await node.monitor(id)];
    await monitor.emit("command done");
    await user.heardNothing();
    const command_id = await user.send("x");
    await monitor.emit("command error", { reason: 5 });
    await monitor.emit("command done", { command_id: 5 });
    await monitor.emit("command done", "anything");
    expect(await user.next("command finish")).toMatchObject({ command_id });
  });

  test("a second con of the same connection is no rival, and may be for another id", async () => {
    const node = await cluster.start();
    const other = "x".repeat(32);
    const [user, monitor] = [await node.user(id), await node.monitor(id)];
    void monitor.emit("con", { monitor_id: id });
    await monitor.next("con ok");
    void monitor.emit("con", { monitor_id: other });
    await monitor.next("con ok");
    await user.send("x");
    const newcomer = await node.monitor(id);
    await newcomer.next("command do");
    await monitor.heardNothing();
  });
});

describe("HTTP", () => {
  const list = async (
    node: Awaited<ReturnType<Cluster["start"]>>,
    query: Record<string, string> = {},
  ) => (await node.request("commands", { monitor_id: id, ...query })).json.data;

  test("lists commands with their ends, by status and in pages", async () => {
    const node = await cluster.start({ answerMs: 1000 });
    const [user, monitor] = [await node.user(id), await node.monitor(id)];
    const late = await user.send("late");
    await cluster.clock.advance(1000);
    await user.next("command failed");
    const [done, failed, open] = [
      await user.send("done"),
      await user.send("failed"),
      await user.send("open"),
    ];
    await monitor.emit("command done");
    await monitor.emit("command done");
    await monitor.emit("command error", { reason: "no" });
    const all = await list(node);
    expect(all).toMatchObject([
      { command_id: late, command: "late", status: "done", late: true, attempts: 1 },
      { command_id: done, status: "done" },
      { command_id: failed, status: "failed", reason: "no" },
      { command_id: open, status: "sent" },
    ]);
    expect(all[1].late).toBeUndefined();
    expect((await list(node, { status: "done" })).length).toBe(2);
    expect(await list(node, { status: "queued" })).toEqual([]);
    const first = await list(node, { limit: "3" });
    expect([
      ...first,
      ...(await list(node, { limit: "3", after: String(first[2].offset) })),
    ]).toEqual(all);
    expect((await node.request("commands", { monitor_id: "short" })).status).toBe(400);
    expect((await node.request("commands", { monitor_id: id, status: "odd" })).status).toBe(400);
  });

  test("shows who is connected on all nodes, since when and when last heard", async () => {
    const [a, b] = [await cluster.start(), await cluster.start()];
    const since = cluster.clock.now();
    await a.monitor("x".repeat(32));
    const monitor = await b.monitor("y".repeat(32));
    await cluster.clock.advance(500);
    await monitor.emit("command done");
    for (const node of [a, b]) {
      expect((await node.request("devices", {})).json.data).toEqual([
        {
          monitor_id: "x".repeat(32),
          since,
          last_heard: since,
          open_commands: 0,
          oldest_command: null,
        },
        {
          monitor_id: "y".repeat(32),
          since,
          last_heard: since + 500,
          open_commands: 0,
          oldest_command: null,
        },
      ]);
    }
    expect(
      (await a.request("devices", { after: "x".repeat(32), limit: "1" })).json.data.length,
    ).toBe(1);
    await monitor.leave();
    expect((await a.request("devices", {})).json.data.length).toBe(1);
  });

  test("shows each monitor's commands without an end, and who is away with some", async () => {
    const node = await cluster.start();
    const at = cluster.clock.now();
    const monitor = await node.monitor(id);
    const [user, other] = [await node.user(id), await node.user("z".repeat(32))];
    const first = await user.send("first");
    await cluster.clock.advance(300);
    await user.send("second");
    const waits = await other.send("waits");
    const held = {
      monitor_id: id,
      open_commands: 2,
      oldest_command: { command_id: first, status: "sent", queued_at: at, sent_at: at },
    };
    expect((await node.request("devices", {})).json.data).toMatchObject([held]);
    expect((await node.request("devices", { away: "1" })).json.data).toMatchObject([
      held,
      {
        monitor_id: "z".repeat(32),
        since: null,
        last_heard: null,
        open_commands: 1,
        oldest_command: { command_id: waits, status: "queued", queued_at: at + 300 },
      },
    ]);
    await monitor.emit("command done");
    await monitor.emit("command done");
    expect((await node.request("devices", {})).json.data).toMatchObject([
      { open_commands: 0, oldest_command: null },
    ]);
  });

  test("finds who has left a command unanswered for longest, of those connected, away or both", async () => {
    const [node, other] = [await cluster.start(), await cluster.start()];
    const [a, b, c, d, e] = ["a", "b", "c", "d", "e"].map((letter) => letter.repeat(32)) as [
      string,
      string,
      string,
      string,
      string,
    ];
    const send = async (monitor: string) =>
      (await node.user(monitor)).send("x", { wait_ms: 600_000 });
    await node.monitor(a);
    await node.monitor(b);
    await other.monitor(c);
    // It waits for longest, but is handed over last.
    await send(e);
    for (const monitor of [d, c, b]) {
      await cluster.clock.advance(100);
      await send(monitor);
    }
    await cluster.clock.advance(100);
    const last = await other.monitor(e);
    await last.next("command do");
    await cluster.clock.advance(1);
    const ids = async (params: Record<string, string>) => {
      const { json } = await node.request("devices", { order: "oldest_command", ...params });
      return json.data.map(({ monitor_id }: { monitor_id: string }) => monitor_id);
    };
    expect(await ids({})).toEqual([c, b, e]);
    expect(await ids({ limit: "1" })).toEqual([c]);
    expect(await ids({ away: "1" })).toEqual([d, c, b, e]);
    expect(await ids({ away: "only" })).toEqual([d]);
    expect(await ids({ away: "only", order: "id" })).toEqual([d]);
    expect((await node.request("devices", { order: "oldest_command", after: a })).status).toBe(400);
  });
});

describe("with auth", () => {
  const token = (roles: string[], monitors?: string[]): Principal => ({
    name: "n",
    roles,
    only: monitors === undefined ? {} : { monitors },
  });

  test("each message needs its role; the failure comes in the protocol's words, then the close", async () => {
    const node = await cluster.start({}, true);
    for (const [name, role, failure] of [
      ["query", "devices.monitor", "query failed"],
      ["con", "devices.user", "con failed"],
      ["command send", "devices.monitor", "command failed"],
    ] as const) {
      const client = node.client(token([role]));
      void client.emit(name, { monitor_id: id, command: "x" });
      expect((await client.next(failure)).reason).toContain("role");
      expect(await client.next("closed")).toBe(4403);
    }
    const user = node.client(token(["devices.user"]));
    void user.emit("command done");
    expect(await user.next("closed")).toBe(4403);
  });

  test("a token may be limited to monitors", async () => {
    const node = await cluster.start({}, true);
    const roles = ["devices.user", "devices.monitor"];
    for (const name of ["query", "con"]) {
      const limited = node.client(token(roles, ["x".repeat(32)]));
      void limited.emit(name, { monitor_id: id });
      expect((await limited.next(`${name} failed`)).reason).toContain("not for monitor");
      expect(await limited.next("closed")).toBe(4403);
      const allowed = node.client(token(roles, [id]));
      void allowed.emit(name, { monitor_id: id });
      await allowed.next(`${name} ok`);
    }
    const other = token(roles, ["x".repeat(32)]);
    expect(
      (await node.request("sendCommand", { monitor_id: id }, { command: "x" }, other)).status,
    ).toBe(403);
    expect((await node.request("commands", { monitor_id: id }, undefined, other)).status).toBe(403);
    expect((await node.request("devices", {}, undefined, other)).json.data).toEqual([]);
    expect((await node.request("devices", {}, undefined, token(roles))).json.data.length).toBe(1);
    expect((await node.request("devices", {}, undefined, token(["devices.monitor"]))).status).toBe(
      403,
    );
  });
});
