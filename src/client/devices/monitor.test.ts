/** The monitor against our gateway and against a server as the original is, over connections that break. */
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FileOutboxStore } from "../file-store/index.ts";
import { answerOf, gate, lost, monitorId, next, Scene } from "./devices.fixture.ts";
import { Monitor } from "./monitor.ts";

let scene: Scene;

beforeEach(() => {
  scene = new Scene();
});

afterEach(() => scene.end());

describe("on Switchboard", () => {
  test("commands are done one after another, and answered with what came of them", async () => {
    const { url } = await scene.ours();
    const told: string[] = [];
    const gates = [gate(), gate(), gate()];
    const failures = [undefined, new Error("stuck"), "cold"];
    let running = 0;
    let most = 0;
    const monitor = await scene.monitor(url, async (command, { commandId }) => {
      most = Math.max(most, ++running);
      told.push(`${command} ${typeof commandId}`);
      await gates[Number(command)]?.opened;
      running--;
      if (failures[Number(command)] !== undefined) throw failures[Number(command)];
    });
    const last = answerOf(monitor, "2");
    const user = scene.user(url);
    const commands = ["0", "1", "2"].map((text) => user.command(text));
    await expect
      .poll(() => monitor.waiting.map(({ command }) => command), { timeout: 20_000 })
      .toEqual(["1", "2"]);
    expect(monitor.running).toEqual({
      command: "0",
      commandId: (await commands[0]?.accepted)?.commandId,
    });
    for (const { open } of gates) open();
    expect(await Promise.all(commands.map(({ result }) => result))).toMatchObject([
      { status: "done" },
      { status: "failed", reason: "stuck" },
      { status: "failed", reason: "cold" },
    ]);
    const { failure, outcome } = await last;
    expect([failure, await outcome, most, told]).toEqual([
      "cold",
      "acked",
      1,
      ["0 string", "1 string", "2 string"],
    ]);
    expect([monitor.running, monitor.waiting, monitor.ignored]).toEqual([undefined, [], 0]);
  });

  test("a command that is handed over again while it runs is not done twice", async () => {
    const { url } = await scene.ours();
    const proxy = await scene.proxy(url);
    const { open, opened } = gate();
    const ran: string[] = [];
    const monitor = await scene.monitor(proxy.url, async (command) => {
      ran.push(command);
      if (command === "a") await opened;
    });
    const user = scene.user(url);
    const begun = next((listener) => monitor.on("start", listener));
    const command = user.command("a", { retry: true });
    await begun;
    const gone = lost(monitor);
    proxy.cut();
    await gone;
    await monitor.connection.whenOpen();
    // It comes behind what is handed over again.
    const marker = user.command("marker");
    await expect
      .poll(() => monitor.waiting.map(({ command: text }) => text), { timeout: 20_000 })
      .toEqual(["marker"]);
    open();
    expect(await command.result).toMatchObject({ status: "done" });
    expect(await marker.result).toMatchObject({ status: "done" });
    expect(ran).toEqual(["a", "marker"]);
  });

  test("a command that is handed over again after it was done is answered from memory", async () => {
    const { url } = await scene.ours();
    const proxy = await scene.proxy(url);
    const { open, opened } = gate();
    const ran: string[] = [];
    const monitor = await scene.monitor(proxy.url, async (command) => {
      ran.push(command);
      await opened;
      throw new Error("stuck");
    });
    const user = scene.user(url);
    const begun = next((listener) => monitor.on("start", listener));
    const command = user.command("a", { retry: true });
    await begun;
    // The answer does not arrive, and the server finds the monitor gone.
    proxy.stallUp();
    const first = answerOf(monitor, "a");
    open();
    await first;
    const again = answerOf(monitor, "a");
    proxy.cut();
    proxy.resume();
    expect(await again).toMatchObject({ command: "a", failure: "stuck" });
    expect(await command.result).toMatchObject({ status: "failed", reason: "stuck" });
    expect(ran).toEqual(["a"]);
  });

  test("what waited when the connection was lost is given up, as its users are told", async () => {
    const { url } = await scene.ours();
    const proxy = await scene.proxy(url);
    const { open, opened } = gate();
    const ran: string[] = [];
    const monitor = await scene.monitor(proxy.url, async (command) => {
      ran.push(command);
      if (command === "a") await opened;
    });
    const user = scene.user(url);
    const commands = ["a", "b"].map((text) => user.command(text));
    await expect.poll(() => monitor.waiting.length, { timeout: 20_000 }).toBe(1);
    const gone = lost(monitor);
    proxy.cut();
    await gone;
    expect(monitor.waiting).toEqual([]);
    expect(await Promise.all(commands.map(({ result }) => result))).toMatchObject([
      { status: "failed", reason: "monitor disconnected" },
      { status: "failed", reason: "monitor disconnected" },
    ]);
    const answer = answerOf(monitor, "a");
    open();
    // The server has no more use for it, and says that it has it.
    expect(await (await answer).outcome).toBe("acked");
    await user.command("c").result;
    expect(ran).toEqual(["a", "c"]);
  });

  test("an answer in a durable outbox survives the monitor's process and a restart of the server", async () => {
    const server = await scene.restartable();
    const path = join(await scene.folder(), "outbox");
    const { open, opened } = gate();
    const first = new Monitor(server.url, {
      monitorId,
      run: () => opened,
      outbox: { store: new FileOutboxStore(path) },
    });
    await first.connection.whenOpen();
    const user = scene.user(server.url);
    const begun = next((listener) => first.on("start", listener));
    const command = user.command("a");
    await begun;
    await server.stop();
    const answer = answerOf(first, "a");
    open();
    const { outcome } = await answer;
    first.connection.destroy();
    expect(await outcome).toBe("kept");
    await first.connection.whenClosed();
    await server.start();
    await scene.monitor(
      server.url,
      () => {
        throw new Error("done twice");
      },
      { outbox: { store: new FileOutboxStore(path) } },
    );
    expect(await command.result).toMatchObject({ status: "done" });
  });

  test("while its id is taken a monitor tries again, and an invalid id ends it", async () => {
    const { url } = await scene.ours();
    const first = await scene.monitor(url, () => {});
    const second = scene.newMonitor(url, () => {});
    await expect
      .poll(() => second.connection.state, { timeout: 20_000 })
      .toMatchObject({
        status: "waiting",
        loss: { reason: expect.stringContaining("monitor_id already registered") },
      });
    await first.close();
    await second.connection.whenOpen();
    const bad = scene.newMonitor(url, () => {}, { monitorId: "short" });
    expect(await bad.connection.whenClosed()).toMatchObject({
      kind: "failed",
      error: { code: "bad_message" },
    });
  });

  test("closing waits for the command that runs, as long as it may, and then aborts it", async () => {
    const { url } = await scene.ours();
    const { open, opened } = gate();
    const user = scene.user(url);
    const patient = await scene.monitor(url, () => opened);
    const begun = next((listener) => patient.on("start", listener));
    const command = user.command("a");
    await begun;
    const closed = patient.close({ flushMs: 20_000 });
    open();
    await closed;
    expect(await command.result).toMatchObject({ status: "done" });
    const aborted = gate();
    const hasty = await scene.monitor(url, (_command, { signal }) => {
      signal.addEventListener("abort", aborted.open);
      return aborted.opened;
    });
    const begunAgain = next((listener) => hasty.on("start", listener));
    const left = user.command("b");
    await begunAgain;
    await hasty.close();
    await aborted.opened;
    expect(await left.result).toMatchObject({ status: "failed", reason: "monitor disconnected" });
  });
});

describe("on an original server", () => {
  test("commands have no ids, and done is told without a payload", async () => {
    const server = await scene.original();
    const ids: unknown[] = [];
    const monitor = await scene.monitor(
      server.url,
      (_command, { commandId }) => void ids.push(commandId),
    );
    const answers = ["a", "b"].map((command) => answerOf(monitor, command));
    const user = scene.user(server.url);
    expect(await Promise.all(["a", "b"].map((text) => user.command(text).result))).toEqual([
      { status: "done" },
      { status: "done" },
    ]);
    expect([ids, server.of("command done")]).toEqual([
      [undefined, undefined],
      [undefined, undefined],
    ]);
    await Promise.all(answers);
    // It acknowledges what it has handled, so that all is known to be read when the close has been done.
    const outcomes = Promise.all((await Promise.all(answers)).map(({ outcome }) => outcome));
    await monitor.close();
    expect(await outcomes).toEqual(["sent", "sent"]);
  });

  test("a handler that fails is told with its reason, on which this server crashes", async () => {
    const server = await scene.original();
    const monitor = await scene.monitor(server.url, (command) => {
      if (command === "a") throw new Error("stuck");
    });
    server.tell("command do", { command: "a" });
    server.tell("command do", { command: "b" });
    const { outcome } = await answerOf(monitor, "b");
    await expect.poll(() => server.of("command done").length, { timeout: 20_000 }).toBe(1);
    expect(server.of("command error")).toEqual([{ reason: "stuck" }]);
    expect(monitor.connection.state.status).toBe("open");
    await monitor.close();
    expect(await outcome).toBe("sent");
  });

  test("the command that runs when the connection is lost goes on, and is answered on the next", async () => {
    const server = await scene.original();
    const proxy = await scene.proxy(server.url);
    const { open, opened } = gate();
    const monitor = await scene.monitor(proxy.url, () => opened);
    const user = scene.user(server.url);
    const begun = next((listener) => monitor.on("start", listener));
    const command = user.command("a");
    await begun;
    const gone = lost(monitor);
    proxy.cut();
    await gone;
    open();
    expect(await command.result).toEqual({ status: "done" });
    expect(server.of("command done").length).toBe(1);
  });

  test("what breaks the protocol is ignored, and of too many commands the last are answered with an error in their turn", async () => {
    const server = await scene.original();
    const { open, opened } = gate();
    const ran: string[] = [];
    const monitor = await scene.monitor(server.url, async (command) => {
      await opened;
      ran.push(command);
    });
    for (const payload of [undefined, null, "x", {}, { command: 5 }])
      server.tell("command do", payload);
    server.tell("unheard of", { command: "x" });
    for (let number = 0; number < 1003; number++)
      server.tell("command do", { command: String(number) });
    await expect.poll(() => monitor.waiting.length, { timeout: 20_000 }).toBe(1000);
    server.tell("command do", {});
    await expect.poll(() => monitor.ignored, { timeout: 20_000 }).toBe(6);
    open();
    await expect.poll(() => server.of("command error").length, { timeout: 20_000 }).toBe(2);
    expect(ran).toEqual(Array.from({ length: 1001 }, (_, number) => String(number)));
    expect(server.received.map(([name]) => name).slice(-3)).toEqual([
      "command done",
      "command error",
      "command error",
    ]);
  });
});
