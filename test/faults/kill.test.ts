/** kill -9 of the server amid commands: what was confirmed is there afterwards, in order, with a status that is true. */
import { join as joinPath } from "node:path";
import { describe, expect, it } from "vitest";
import { DeviceSocket, newMonitorId } from "../support/device-socket.ts";
import { commandsOf, type ListedCommand, statusOf } from "../support/devices.ts";
import { eventually, within } from "../support/inbox.ts";
import { type Scope, scopePerTest } from "../support/scope.ts";
import { type ServerProcess, startServer, temporaryFolder } from "../support/server-process.ts";

const scope = scopePerTest();

/** What a user has sent, and what it was told of it. */
class SendingUser {
  readonly #socket: DeviceSocket;
  /** Commands in the order of sending. */
  readonly sent: string[] = [];
  /** Ids that came with `command ok`; answers come in the order of sending, so these belong to the first of `sent`. */
  readonly confirmed: string[] = [];
  /** Ids that came with `command finish`. */
  readonly finished = new Set<string>();
  readonly #name: string;

  constructor(socket: DeviceSocket, name: string) {
    this.#socket = socket;
    this.#name = name;
  }

  /** Keeps four commands on their way, until the connection ends. */
  async run(onConfirmed: () => void): Promise<void> {
    for (let ahead = 0; ahead < 4; ahead += 1) this.#sendNext();
    for (;;) {
      const { event, payload } = await this.#socket.events.next();
      if (event === "disconnect") return;
      const { command_id = "" } = payload as { command_id?: string };
      if (event === "command finish") this.finished.add(command_id);
      else if (event === "command ok") {
        this.confirmed.push(command_id);
        onConfirmed();
        this.#sendNext();
      } else throw new Error(`${this.#name} got ${event} ${JSON.stringify(payload)}`);
    }
  }

  #sendNext(): void {
    const command = `${this.#name} ${this.sent.length}`;
    this.sent.push(command);
    this.#socket.emit("command send", { command });
  }
}

/** When a monitor answers, and whether its answers carry the command's id. */
type Manner = "at once" | "after coming back" | "without ids";

/** A monitor that comes back by itself, as clients do, and notes what it was given. */
class WorkingMonitor {
  readonly #socket: DeviceSocket;
  readonly #manner: Manner;
  #registrations = 0;
  readonly monitorId: string;
  /** Ids in the order of their coming. */
  readonly received: string[] = [];
  readonly answered = new Set<string>();

  constructor(owner: Scope, url: string, monitorId: string, manner: Manner) {
    this.monitorId = monitorId;
    this.#manner = manner;
    this.#socket = DeviceSocket.launch(owner, url, { reconnection: true });
  }

  /** Serves until `con ok`, then on in the background until the test ends. */
  async run(): Promise<void> {
    await this.#serveUntil("con ok");
    void this.#serveUntil("never").catch(() => {});
  }

  async #serveUntil(last: string): Promise<void> {
    for (;;) {
      const { event, payload } = await this.#socket.events.next(60_000);
      if (event === "connect") this.#socket.emit("con", { monitor_id: this.monitorId });
      if (event === "con ok") this.#registrations += 1;
      if (event === "command do")
        this.received.push((payload as { command_id?: string }).command_id ?? "");
      if (this.#manner !== "after coming back" || this.#registrations > 1)
        for (const id of this.received) this.#answer(id);
      if (event === last) return;
    }
  }

  #answer(id: string): void {
    if (this.answered.has(id)) return;
    this.answered.add(id);
    this.#socket.emit(
      "command done",
      this.#manner === "without ids" ? undefined : { command_id: id },
    );
  }
}

const restart = (
  data: string,
  server: ServerProcess,
  config: Readonly<Record<string, unknown>> = {},
) => startServer(scope, { data, port: server.port, config });

async function freshServer(config: Readonly<Record<string, unknown>> = {}) {
  const data = joinPath(await temporaryFolder(scope), "data");
  return { data, server: await startServer(scope, { data, config }) };
}

describe("kill -9 while eight users send to four monitors", () => {
  it("loses no confirmed command, doubles none, keeps their order and tells no lie", {
    timeout: 90_000,
  }, async () => {
    const { data, server } = await freshServer();
    // Two that work, one that has everything still in its hands, one that comes only after the restart.
    const [prompt, second, slow] = [
      new WorkingMonitor(scope, server.url, newMonitorId(), "at once"),
      new WorkingMonitor(scope, server.url, newMonitorId(), "at once"),
      new WorkingMonitor(scope, server.url, newMonitorId(), "after coming back"),
    ];
    for (const monitor of [prompt, second, slow]) await monitor.run();
    const awayId = newMonitorId();
    const ids = [prompt.monitorId, second.monitorId, slow.monitorId, awayId];
    const users: { readonly user: SendingUser; readonly monitorId: string }[] = [];
    for (let number = 0; number < 8; number += 1) {
      const monitorId = ids[number % 4] ?? "";
      users.push({
        user: new SendingUser(
          await DeviceSocket.user(scope, server.url, monitorId),
          `user ${number}`,
        ),
        monitorId,
      });
    }

    let confirmed = 0;
    const killed = new Promise<void>((resolve) => {
      const count = () => {
        confirmed += 1;
        if (confirmed === 240) resolve(server.kill("SIGKILL").then(() => undefined));
      };
      for (const { user } of users) void user.run(count).catch(resolve);
    });
    await within(killed, "240 confirmed commands", 30_000);

    const again = await restart(data, server);
    const away = new WorkingMonitor(scope, again.url, awayId, "without ids");
    await away.run();
    const done = (commands: readonly ListedCommand[], wanted: Iterable<string>) => {
      const byId = new Map(commands.map((command) => [command.command_id, command.status]));
      return [...wanted].every((id) => byId.get(id) === "done");
    };
    const awayList = await eventually(
      "all that waited for the absent monitor is done",
      () => commandsOf(again.url, awayId),
      (commands) => commands.every(({ status }) => status === "done"),
      20_000,
    );
    await eventually(
      "the others are back, and have what waited",
      async () =>
        [
          await commandsOf(again.url, prompt.monitorId),
          await commandsOf(again.url, second.monitorId),
        ].flat(),
      (commands) => commands.every(({ status }) => status !== "queued"),
      20_000,
    );
    const slowList = await eventually(
      "what the slow one had in its hands is done",
      () => commandsOf(again.url, slow.monitorId),
      (commands) =>
        slow.answered.size > 0 &&
        done(commands, slow.answered) &&
        commands.every(({ status }) => status !== "queued"),
      20_000,
    );
    const monitors = new Map(
      [prompt, second, slow, away].map((monitor) => [monitor.monitorId, monitor]),
    );
    const lists = new Map([
      [prompt.monitorId, await commandsOf(again.url, prompt.monitorId)],
      [second.monitorId, await commandsOf(again.url, second.monitorId)],
      [slow.monitorId, slowList],
      [awayId, awayList],
    ]);

    for (const [monitorId, commands] of lists) {
      const listedIds = commands.map(({ command_id }) => command_id);
      expect(new Set(listedIds).size).toBe(listedIds.length);
      const { received = [], answered = new Set<string>() } = monitors.get(monitorId) ?? {};
      // Nothing twice, and in the order of the list.
      expect(new Set(received).size).toBe(received.length);
      expect(received).toEqual(listedIds.filter((id) => received.includes(id)));
      for (const { command_id, status } of commands) {
        // Done: the monitor did it. Anything else that ended before it was handed out would be a lie as well.
        if (status === "done")
          expect(answered.has(command_id), `${command_id} is ${status}`).toBe(true);
        if (received.includes(command_id)) expect(["sent", "done", "failed"]).toContain(status);
      }
    }
    for (const { user, monitorId } of users) {
      const commands = lists.get(monitorId) ?? [];
      const mine = commands.filter(({ command }) => user.sent.includes(command));
      // All that was confirmed, in the order of sending; behind it perhaps some of the four that were on their way.
      expect(mine.slice(0, user.confirmed.length).map(({ command_id }) => command_id)).toEqual(
        user.confirmed,
      );
      expect(mine.map(({ command }) => command)).toEqual(user.sent.slice(0, mine.length));
      for (const { command_id, status } of mine)
        if (user.finished.has(command_id)) expect(status).toBe("done");
    }
  });
});

describe("after kill -9", () => {
  it("a command that waited still waits, under its idempotency key, and goes out before what comes later", async () => {
    const { data, server } = await freshServer();
    const monitorId = newMonitorId();
    const dan = await DeviceSocket.user(scope, server.url, monitorId);
    const id = await dan.send("a", { idempotency_key: "k" });
    await server.kill("SIGKILL");
    const again = await restart(data, server);
    expect(await statusOf(again.url, monitorId, id)).toBe("queued");
    const back = await DeviceSocket.user(scope, again.url, monitorId);
    expect(await back.send("a", { idempotency_key: "k" })).toBe(id);
    const later = await back.send("b");
    const device = await DeviceSocket.monitor(scope, again.url, monitorId);
    expect(await device.next("command do")).toMatchObject({ command: "a", command_id: id });
    expect(await device.next("command do")).toMatchObject({ command: "b", command_id: later });
  });

  it("a command that was sent is not sent again to its monitor, whose answer still counts", async () => {
    const { data, server } = await freshServer();
    const monitorId = newMonitorId();
    const dan = await DeviceSocket.user(scope, server.url, monitorId);
    const device = await DeviceSocket.monitor(scope, server.url, monitorId);
    const id = await dan.send("a", { retry: true });
    await device.next("command do");
    await server.kill("SIGKILL");
    const again = await restart(data, server);
    const back = await DeviceSocket.monitor(scope, again.url, monitorId);
    back.emit("command done");
    await eventually(
      "done",
      () => statusOf(again.url, monitorId, id),
      (status) => status === "done",
    );
    const next = await (await DeviceSocket.user(scope, again.url, monitorId)).send("b");
    expect(await back.next("command do")).toMatchObject({ command: "b", command_id: next });
  });

  it("a command that was sent fails if its monitor is not back in time", async () => {
    const config = { services: { devices: { restartGraceMs: 300 } } };
    const { data, server } = await freshServer(config);
    const monitorId = newMonitorId();
    const dan = await DeviceSocket.user(scope, server.url, monitorId);
    const device = await DeviceSocket.monitor(scope, server.url, monitorId);
    const id = await dan.send("a");
    await device.next("command do");
    await server.kill("SIGKILL");
    const again = await restart(data, server, config);
    const failed = await eventually(
      "failed",
      async () =>
        (await commandsOf(again.url, monitorId)).find(({ command_id }) => command_id === id),
      (command) => command?.status === "failed",
    );
    expect(failed?.reason ?? "monitor disconnected").toBe("monitor disconnected");
  });

  it("a wait that was running runs on: it ends at its time, not at its time from the restart", async () => {
    const { data, server } = await freshServer();
    const monitorId = newMonitorId();
    const dan = await DeviceSocket.user(scope, server.url, monitorId);
    const short = await dan.send("short", { wait_ms: 1_000 });
    const long = await dan.send("long");
    await server.kill("SIGKILL");
    const again = await restart(data, server);
    await eventually(
      "expired",
      () => statusOf(again.url, monitorId, short),
      (status) => status === "expired",
    );
    const device = await DeviceSocket.monitor(scope, again.url, monitorId);
    expect(await device.next("command do")).toMatchObject({ command: "long", command_id: long });
  });
});
