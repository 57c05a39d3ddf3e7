/** For tests: servers, connections that break, users and monitors, all ended by one call. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import type { ServerOptions } from "socket.io";
import { configFrom } from "../../gateway/config/load-config.ts";
import { type Gateway, startGateway } from "../../gateway/gateway.ts";
import { installedServices } from "../../gateway/services.ts";
import { TestServer } from "../../testing/index.ts";
import { type CutProxy, startProxy } from "../cut-proxy.fixture.ts";
import { DeviceUser, type DeviceUserOptions } from "./device-user.ts";
import { Monitor, type MonitorAnswer, type MonitorOptions } from "./monitor.ts";
import { OriginalServer } from "./original-server.fixture.ts";

export const monitorId = "0123456789abcdef0123456789abcdef";

/** What a test has started. All of it comes back quickly. */
export class Scene {
  readonly #endings: (() => Promise<unknown>)[] = [];

  /** Ends everything, the last first. */
  async end(): Promise<void> {
    for (const end of this.#endings.splice(0).reverse()) await end();
  }

  async ours(config: object = {}): Promise<TestServer> {
    const server = await TestServer.start({ config });
    this.#endings.push(() => server.stop());
    return server;
  }

  async original(options: Partial<ServerOptions> = {}): Promise<OriginalServer> {
    const server = await OriginalServer.start(options);
    this.#endings.push(() => server.stop());
    return server;
  }

  async proxy(url: string): Promise<CutProxy> {
    const proxy = await startProxy(url);
    this.#endings.push(() => proxy.stop());
    return proxy;
  }

  async folder(): Promise<string> {
    const path = await mkdtemp(join(tmpdir(), "switchboard-devices-"));
    this.#endings.push(() => rm(path, { recursive: true, force: true }));
    return path;
  }

  /** A server of ours with a data directory and, from its first start on, a port that it keeps. */
  async restartable(): Promise<RestartableServer> {
    const server = new RestartableServer(join(await this.folder(), "data"));
    this.#endings.push(() => server.stop());
    await server.start();
    return server;
  }

  user(url: string, options: Partial<DeviceUserOptions> = {}): DeviceUser {
    const user = new DeviceUser(url, { monitorId, maxDelayMs: 50, ...options });
    this.#endings.push(() => user.close());
    return user;
  }

  /** Not yet open. */
  newMonitor(
    url: string,
    run: MonitorOptions["run"],
    options: Partial<MonitorOptions> = {},
  ): Monitor {
    const monitor = new Monitor(url, { monitorId, run, maxDelayMs: 50, ...options });
    this.#endings.push(() => monitor.close());
    return monitor;
  }

  async monitor(
    url: string,
    run: MonitorOptions["run"],
    options: Partial<MonitorOptions> = {},
  ): Promise<Monitor> {
    const monitor = this.newMonitor(url, run, options);
    await monitor.connection.whenOpen();
    return monitor;
  }
}

export class RestartableServer {
  readonly #data: string;
  #gateway: Gateway | undefined;
  #url = "http://127.0.0.1:0";

  constructor(data: string) {
    this.#data = data;
  }

  get url(): string {
    return this.#url;
  }

  async start(): Promise<void> {
    const config = configFrom(installedServices, {
      listen: { port: Number(new URL(this.#url).port) },
      data: this.#data,
    });
    this.#gateway = await startGateway(config, {
      services: installedServices,
      logger: pino({ level: "silent" }),
    });
    this.#url = this.#gateway.listeners[0]?.url ?? this.#url;
  }

  async stop(): Promise<void> {
    const gateway = this.#gateway;
    this.#gateway = undefined;
    await gateway?.drain();
  }
}

/** The next event of a user or a monitor. */
export function next<Value>(on: (listener: (value: Value) => void) => () => void): Promise<Value> {
  return new Promise((resolve) => {
    const off = on((value) => {
      off();
      resolve(value);
    });
  });
}

/** Resolves when the connection is open no more. */
export function lost({ connection }: DeviceUser | Monitor): Promise<void> {
  return new Promise((resolve) => {
    const off = connection.on("state", ({ status }) => {
      if (status === "open") return;
      off();
      resolve();
    });
  });
}

/** A promise, and what resolves it. */
export function gate(): { readonly open: () => void; readonly opened: Promise<void> } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

/** The monitor's next answer to that command. */
export function answerOf(monitor: Monitor, command: string): Promise<MonitorAnswer> {
  return new Promise((resolve) => {
    const off = monitor.on("answer", (answer) => {
      if (answer.command !== command) return;
      off();
      resolve(answer);
    });
  });
}
