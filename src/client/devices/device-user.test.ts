/** The user against our gateway and against a server as the original is, over connections that break. */
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FileOutboxStore } from "../file-store/index.ts";
import { DeviceUser, type DeviceUserEvents } from "./device-user.ts";
import { answerOf, gate, lost, monitorId, next, Scene } from "./devices.fixture.ts";

let scene: Scene;

beforeEach(() => {
  scene = new Scene();
});

afterEach(() => scene.end());

describe("on Switchboard", () => {
  test("a command is accepted, done or failed, and told in events too", async () => {
    const { url } = await scene.ours();
    await scene.monitor(url, (command) => {
      if (command === "stick") throw new Error("it is stuck");
    });
    const user = scene.user(url);
    const told: unknown[] = [];
    for (const name of ["ok", "finish", "failed"] as const)
      user.on(name, (event) => told.push([name, event]));
    const done = user.command("open");
    const { commandId } = await done.accepted;
    expect(commandId).toEqual(expect.any(String));
    expect(await done.accepted).toEqual({ outcome: "acked", commandId });
    expect(await done.result).toEqual({ status: "done", commandId });
    const stuck = user.command("stick");
    const failed = await stuck.result;
    expect(failed).toEqual({
      status: "failed",
      reason: "it is stuck",
      commandId: expect.any(String),
    });
    const ids = { id: done.id, text: "open", commandId, late: false };
    const stuckIds = { id: stuck.id, text: "stick", commandId: failed.commandId, late: false };
    expect(told).toEqual([
      ["ok", ids],
      ["finish", ids],
      ["ok", stuckIds],
      ["failed", { ...stuckIds, reason: "it is stuck" }],
    ]);
    expect([user.commands, user.ignored]).toEqual([[], 0]);
  });

  test("a refusal, an expiry, a late answer and a cancelled command are told apart", async () => {
    const { url } = await scene.ours({ services: { devices: { maxCommandLength: 10 } } });
    const user = scene.user(url, { switchboard: true });
    const [short, long] = [user.command("short"), user.command("much too long")];
    const now = user.command("now", { waitMs: 0 });
    expect(await long.result).toEqual({
      status: "refused",
      reason: expect.stringContaining("too_large"),
    });
    expect(await now.result).toMatchObject({ status: "expired", reason: "expired" });
    const { commandId } = await short.accepted;
    expect(user.commands).toEqual([{ id: short.id, text: "short", commandId, status: "accepted" }]);
    await fetch(`${url}/devices/${monitorId}/commands/${commandId}`, { method: "DELETE" });
    expect(await short.result).toEqual({ status: "cancelled", reason: "cancelled", commandId });
    const { open, opened } = gate();
    await scene.monitor(url, () => opened);
    const slow = user.command("slow", { answerMs: 100 });
    expect(await slow.result).toMatchObject({ status: "expired" });
    const finish = next<DeviceUserEvents["finish"]>((listener) => user.on("finish", listener));
    open();
    expect(await finish).toMatchObject({ id: slow.id, text: "slow", late: true });
  });

  test("who watches hears of other users' commands, and does not take them for its own", async () => {
    const { url } = await scene.ours();
    const { open, opened } = gate();
    await scene.monitor(url, (command) => (command === "mine" ? opened : undefined));
    const [watcher, other] = [scene.user(url, { watch: true }), scene.user(url)];
    await watcher.connection.whenOpen();
    const news = next<DeviceUserEvents["finish"]>((listener) => watcher.on("finish", listener));
    const theirs = await other.command("theirs").result;
    expect(await news).toEqual({ commandId: theirs.commandId, late: false });
    const mine = watcher.command("mine");
    await mine.accepted;
    open();
    expect(await mine.result).toMatchObject({ status: "done" });
  });

  test("what became of a command while the connection was lost is found out, and it is done once", async () => {
    const { url } = await scene.ours();
    const proxy = await scene.proxy(url);
    const { open, opened } = gate();
    const ran: string[] = [];
    const monitor = await scene.monitor(url, async (command) => {
      ran.push(command);
      await opened;
      if (command === "b") throw new Error("no");
    });
    const user = scene.user(proxy.url);
    const commands = ["a", "b", "c"].map((text) => user.command(text));
    await Promise.all(commands.map(({ accepted }) => accepted));
    proxy.refuse(true);
    proxy.cut();
    await lost(user);
    const answered = answerOf(monitor, "c");
    open();
    await (await answered).outcome;
    proxy.refuse(false);
    expect(await Promise.all(commands.map(({ result }) => result))).toMatchObject([
      { status: "done" },
      { status: "failed", reason: "no" },
      { status: "done" },
    ]);
    expect(ran).toEqual(["a", "b", "c"]);
  });

  test.each(["refuse", "evict-oldest"] as const)(
    "asking what became of many takes no room of what waits (%s)",
    async (whenFull) => {
      const { url } = await scene.ours();
      const proxy = await scene.proxy(url);
      const { open, opened } = gate();
      const ran: string[] = [];
      const monitor = await scene.monitor(url, async (command) => {
        ran.push(command);
        await opened;
      });
      const user = scene.user(proxy.url, {
        switchboard: true,
        outbox: { maxMessages: 5, whenFull },
      });
      await user.connection.whenOpen();
      const texts = Array.from({ length: 20 }, (_, nth) => `accepted ${nth}`);
      const accepted = texts.map((text) => user.command(text));
      await Promise.all(accepted.map((command) => command.accepted));
      proxy.refuse(true);
      proxy.cut();
      await lost(user);
      const waitTexts = Array.from({ length: 5 }, (_, nth) => `waiting ${nth}`);
      const waiting = waitTexts.map((text) => user.command(text));
      if (whenFull === "refuse")
        expect(() => user.command("one too many")).toThrow(
          expect.objectContaining({ code: "outbox_full" }),
        );
      const answered = answerOf(monitor, texts.at(-1) ?? "");
      open();
      await (await answered).outcome;
      proxy.refuse(false);
      const results = await Promise.all([...accepted, ...waiting].map(({ result }) => result));
      expect(new Set(results.map(({ status, reason }) => reason ?? status))).toEqual(
        new Set(["done"]),
      );
      expect(ran).toEqual([...texts, ...waitTexts]);
    },
  );

  test("a durable outbox with little room asks about all of them too, over two losses", async () => {
    const { url } = await scene.ours();
    const proxy = await scene.proxy(url);
    const { open, opened } = gate();
    const monitor = await scene.monitor(url, () => opened);
    const store = new FileOutboxStore(join(await scene.folder(), "outbox"));
    const user = scene.user(proxy.url, { switchboard: true, outbox: { store, maxMessages: 2 } });
    const commands = [];
    for (let nth = 0; nth < 10; nth++) {
      const command = user.command(String(nth));
      commands.push(command);
      await command.accepted;
    }
    proxy.cut();
    await lost(user);
    await user.connection.whenOpen();
    proxy.refuse(true);
    proxy.cut();
    await lost(user);
    const answered = answerOf(monitor, "9");
    open();
    await (await answered).outcome;
    proxy.refuse(false);
    expect(await Promise.all(commands.map(({ result }) => result))).toMatchObject(
      commands.map(() => ({ status: "done" })),
    );
  });

  test("a command that is under way when the connection dies is sent again and done once", async () => {
    const { url } = await scene.ours();
    const proxy = await scene.proxy(url);
    const ran: string[] = [];
    await scene.monitor(url, (command) => void ran.push(command));
    const user = scene.user(proxy.url, { switchboard: true });
    await user.connection.whenOpen();
    // The server gets them, and its answers do not come back.
    proxy.stallDown();
    const commands = ["a", "b"].map((text) => user.command(text));
    await expect.poll(() => ran, { timeout: 20_000 }).toEqual(["a", "b"]);
    expect(user.commands.map(({ status }) => status)).toEqual(["written", "written"]);
    proxy.cut();
    proxy.resume();
    expect(await Promise.all(commands.map(({ result }) => result))).toMatchObject([
      { status: "done" },
      { status: "done" },
    ]);
    expect(ran).toEqual(["a", "b"]);
  });

  test("before the server has shown itself a command is sent once, and then is unknown", async () => {
    const { url } = await scene.ours();
    const proxy = await scene.proxy(url);
    const user = scene.user(proxy.url);
    await user.connection.whenOpen();
    proxy.stallUp();
    const command = user.command("a");
    proxy.cut();
    expect(await command.result).toMatchObject({ status: "unknown" });
    expect(await command.accepted).toEqual({ outcome: "unknown" });
  });

  test("a server that restarts with its data finishes what it had", async () => {
    const server = await scene.restartable();
    const user = scene.user(server.url);
    const { open, opened } = gate();
    const ran: string[] = [];
    const monitor = await scene.monitor(server.url, async (command) => {
      ran.push(command);
      await opened;
    });
    const inHand = user.command("in hand");
    await inHand.accepted;
    await server.stop();
    await server.start();
    const later = user.command("later");
    await monitor.connection.whenOpen();
    open();
    expect(await inHand.result).toMatchObject({ status: "done" });
    expect(await later.result).toMatchObject({ status: "done" });
    expect(ran).toEqual(["in hand", "later"]);
  });

  test("a durable outbox brings a command over the end of the process, and what became of it is told", async () => {
    const { url } = await scene.ours();
    const proxy = await scene.proxy(url);
    const path = join(await scene.folder(), "outbox");
    const first = new DeviceUser(proxy.url, {
      monitorId,
      switchboard: true,
      outbox: { store: new FileOutboxStore(path) },
    });
    await first.connection.whenOpen();
    // The server has it; this run does not hear so.
    proxy.stallDown();
    const command = first.command("a");
    await command.stored;
    const list = async () =>
      ((await (await fetch(`${url}/devices/${monitorId}/commands`)).json()) as { data: unknown[] })
        .data;
    await expect.poll(async () => (await list()).length, { timeout: 20_000 }).toBe(1);
    first.connection.destroy();
    expect(await command.result).toMatchObject({ status: "kept" });
    await first.connection.whenClosed();
    const ran: string[] = [];
    await scene.monitor(url, (text) => void ran.push(text));
    const second = scene.user(url, { outbox: { store: new FileOutboxStore(path) } });
    const [ok, finish] = await Promise.all([
      next<DeviceUserEvents["ok"]>((listener) => second.on("ok", listener)),
      next<DeviceUserEvents["finish"]>((listener) => second.on("finish", listener)),
    ]);
    expect(ok).toMatchObject({ id: command.id, text: "a" });
    expect(finish).toMatchObject({ id: command.id, commandId: ok.commandId });
    expect([ran, (await list()).length]).toEqual([["a"], 1]);
  });

  test("an invalid id and a token that is not good end the connection", async () => {
    const open = await scene.ours();
    const user = scene.user(open.url, { monitorId: "short" });
    expect(await user.connection.whenClosed()).toMatchObject({
      kind: "failed",
      error: { code: "bad_message" },
    });
    expect(() => user.command("x")).toThrow(expect.objectContaining({ code: "connection_closed" }));
    const guarded = await scene.ours({ auth: { enabled: true } });
    const stranger = scene.user(guarded.url, { token: "not one" });
    expect(await stranger.connection.whenClosed()).toMatchObject({
      kind: "refused",
      loss: { code: 4401 },
    });
  });

  test("bad calls are refused at once", async () => {
    const { url } = await scene.ours();
    const user = scene.user(url);
    expect(() => user.command("")).toThrow(expect.objectContaining({ code: "bad_message" }));
    expect(() => user.command("x", { idempotencyKey: "k".repeat(201) })).toThrow(
      expect.objectContaining({ code: "bad_message" }),
    );
    user.command("x", { idempotencyKey: "k" });
    expect(() => user.command("x", { idempotencyKey: "k" })).toThrow(
      expect.objectContaining({ code: "conflict" }),
    );
    for (let number = 1; number < 1000; number++) user.command("x");
    expect(() => user.command("one too many")).toThrow(
      expect.objectContaining({ code: "outbox_full" }),
    );
  });

  test("what was not sent when the connection ends is said to be so", async () => {
    const proxy = await scene.proxy("http://127.0.0.1:9");
    proxy.refuse(true);
    const user = scene.user(proxy.url);
    const [aged, left] = [user.command("a", { expiresInMs: 10 }), user.command("b")];
    expect(await aged.result).toMatchObject({ status: "unsent" });
    await user.close();
    expect(await left.result).toMatchObject({ status: "unsent" });
    expect(await left.accepted).toEqual({ outcome: "evicted" });
  });
});

describe("on an original server", () => {
  test("a command is accepted and done, in order, without ids", async () => {
    const server = await scene.original();
    await scene.monitor(server.url, () => {});
    const user = scene.user(server.url);
    const commands = ["a", "b", "c"].map((text) => user.command(text));
    const [finished] = await Promise.all([
      next<DeviceUserEvents["finish"]>((listener) => user.on("finish", listener)),
      ...commands.map(({ result }) => result),
    ]);
    expect(finished).toEqual({ id: commands[0]?.id, text: "a", late: false });
    for (const { accepted, result } of commands) {
      expect([await accepted, await result]).toEqual([{ outcome: "acked" }, { status: "done" }]);
    }
    expect(server.of("command send").length).toBe(3);
  });

  test("another user's command disturbs nothing where nothing is open", async () => {
    const server = await scene.original();
    await scene.monitor(server.url, () => {});
    const [user, other] = [scene.user(server.url), scene.user(server.url)];
    await user.connection.whenOpen();
    const heard = next<DeviceUserEvents["finish"]>((listener) => user.on("finish", listener));
    await other.command("x").result;
    expect(await heard).toEqual({ late: false });
    expect(await user.command("y").result).toEqual({ status: "done" });
  });

  test("what was accepted, and what was under way, when the connection was lost is unknown and not sent again", async () => {
    const server = await scene.original();
    const proxy = await scene.proxy(server.url);
    const { opened } = gate();
    await scene.monitor(server.url, () => opened);
    const user = scene.user(proxy.url);
    const accepted = user.command("a");
    await accepted.accepted;
    server.silent = true;
    const written = user.command("b");
    await expect.poll(() => server.of("command send").length, { timeout: 20_000 }).toBe(2);
    proxy.cut();
    expect(await accepted.result).toMatchObject({ status: "unknown" });
    expect(await written.result).toMatchObject({ status: "unknown" });
    server.silent = false;
    const after = user.command("c");
    expect(await after.accepted).toEqual({ outcome: "acked" });
    expect(server.of("command send")).toMatchObject([
      { command: "a" },
      { command: "b" },
      { command: "c" },
    ]);
    expect(server.of("query")).toEqual([{ monitor_id: monitorId }, { monitor_id: monitorId }]);
  });

  test("an invalid id ends the connection", async () => {
    const server = await scene.original();
    const user = scene.user(server.url, { monitorId: "short" });
    expect(await user.connection.whenClosed()).toMatchObject({
      kind: "failed",
      error: { code: "bad_message" },
    });
    expect(server.of("query").length).toBe(1);
  });

  test("what breaks the protocol is ignored", async () => {
    const server = await scene.original();
    const user = scene.user(server.url);
    await user.connection.whenOpen();
    const failed = next<DeviceUserEvents["failed"]>((listener) => user.on("failed", listener));
    server.tell("command ok", { reason: "Command ok" });
    server.tell("command failed", { reason: 5 });
    server.tell("unheard of");
    server.tell("command failed", { reason: "somebody's" });
    expect(await failed).toEqual({ reason: "somebody's", late: false });
    expect(user.ignored).toBe(2);
  });

  test("a refusal and a failure are told apart by what is open", async () => {
    const server = await scene.original();
    const user = scene.user(server.url);
    const accepted = user.command("a");
    await accepted.accepted;
    server.silent = true;
    const [written, other] = [user.command("b"), user.command("c")];
    await expect.poll(() => server.of("command send").length, { timeout: 20_000 }).toBe(3);
    server.tell("command failed", { reason: "Invalid command" });
    expect(await written.result).toEqual({ status: "refused", reason: "Invalid command" });
    server.tell("command failed", { reason: "stuck" });
    expect(await accepted.result).toEqual({ status: "failed", reason: "stuck" });
    server.tell("command failed", { reason: "not now" });
    expect(await other.result).toEqual({ status: "refused", reason: "not now" });
  });
});
