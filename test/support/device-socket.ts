/** A Socket.IO client, of either version and over any transport, with an inbox of all that happens to it. */
import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import { io as newest } from "socket.io-client";
import { eventually, Inbox, within } from "./inbox.ts";
import type { Scope } from "./scope.ts";

/** What both versions of socket.io-client have and we use. */
interface Client {
  readonly connected: boolean;
  readonly io: {
    readonly engine: {
      readonly readyState: string;
      readonly transport: { readonly name: string };
      once(event: "upgrade", listener: () => void): void;
    };
  };
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  onAny(listener: (event: string, ...args: unknown[]) => void): unknown;
  emit(event: string, ...args: unknown[]): unknown;
  connect(): unknown;
  disconnect(): unknown;
}

type Connect = (url: string, options: Readonly<Record<string, unknown>>) => Client;

// 4.0.1 has no types for its ES module, and its CommonJS ones are of no use here.
const { io: oldest } = createRequire(import.meta.url)("socket.io-client-4-0-1") as { io: Connect };

const versions: Readonly<Record<string, Connect>> = {
  current: newest as unknown as Connect,
  "4.0.1": oldest,
};

/** The versions of socket.io-client: the current one, and the one that existing pages load. */
export type Version = "current" | "4.0.1";

/** Transports as a client is configured for them. `upgrade` is its own default: polling, then WebSocket. */
export type Transport = "websocket" | "polling" | "upgrade";

const transportsOf: Readonly<Record<Transport, readonly string[]>> = {
  websocket: ["websocket"],
  polling: ["polling"],
  upgrade: ["polling", "websocket"],
};

/** Every kind of client that the tests connect with. */
export const clientKinds: readonly { readonly version: Version; readonly transport: Transport }[] =
  (["current", "4.0.1"] as const).flatMap((version) =>
    (["websocket", "polling", "upgrade"] as const).map((transport) => ({ version, transport })),
  );

export interface DeviceSocketOptions {
  readonly version?: Version;
  readonly transport?: Transport;
  /** Goes as `auth.token`. */
  readonly token?: string;
  /** Comes back after a loss, as clients do by default. Default false here, so that a test sees the loss. */
  readonly reconnection?: boolean;
}

/** An event from the server, or `disconnect` (payload: the client's reason) and `connect_error` (payload: the message). */
export interface DeviceEvent {
  readonly event: string;
  readonly payload: unknown;
}

/** The fields of a payload that tests look at. */
export interface Payload {
  readonly reason?: string;
  readonly command?: string;
  readonly command_id?: string;
  readonly late?: boolean;
}

export class DeviceSocket {
  readonly #client: Client;
  /** All that happened, in order. */
  readonly events: Inbox<DeviceEvent>;

  constructor(url: string, options: DeviceSocketOptions) {
    const { version = "current", transport = "websocket", token, reconnection = false } = options;
    const connect = versions[version];
    if (connect === undefined) throw new Error(`no socket.io-client ${version}`);
    this.#client = connect(url, {
      transports: transportsOf[transport],
      forceNew: true,
      reconnection,
      reconnectionDelay: 50,
      reconnectionDelayMax: 200,
      autoConnect: false,
      ...(token === undefined ? {} : { auth: { token } }),
    });
    this.events = new Inbox(`event from ${url} (${version}, ${transport})`);
    this.#client.onAny((event, ...args) => this.events.push({ event, payload: args[0] }));
    this.#client.on("connect", () => this.events.push({ event: "connect", payload: undefined }));
    this.#client.on("disconnect", (reason) =>
      this.events.push({ event: "disconnect", payload: reason }),
    );
    this.#client.on("connect_error", (error) =>
      this.events.push({ event: "connect_error", payload: String(error) }),
    );
  }

  /** Connects without waiting: for connections that are refused or come and go. Ended with the scope. */
  static launch(scope: Scope, url: string, options: DeviceSocketOptions = {}): DeviceSocket {
    const socket = scope.own(new DeviceSocket(url, options), (opened) => opened.disconnect());
    socket.#client.connect();
    return socket;
  }

  static async connect(
    scope: Scope,
    url: string,
    options: DeviceSocketOptions = {},
  ): Promise<DeviceSocket> {
    const socket = DeviceSocket.launch(scope, url, options);
    await socket.next("connect");
    return socket;
  }

  /** A user who has got `query ok`. */
  static async user(
    scope: Scope,
    url: string,
    monitorId: string,
    options: DeviceSocketOptions & { readonly watch?: boolean } = {},
  ): Promise<DeviceSocket> {
    const { watch, ...rest } = options;
    const user = await DeviceSocket.connect(scope, url, rest);
    user.emit("query", { monitor_id: monitorId, ...(watch === undefined ? {} : { watch }) });
    await user.next("query ok");
    return user;
  }

  /** A monitor that has got `con ok`. */
  static async monitor(
    scope: Scope,
    url: string,
    monitorId: string,
    options: DeviceSocketOptions = {},
  ): Promise<DeviceSocket> {
    const monitor = await DeviceSocket.connect(scope, url, options);
    monitor.emit("con", { monitor_id: monitorId });
    await monitor.next("con ok");
    return monitor;
  }

  emit(event: string, ...args: unknown[]): void {
    this.#client.emit(event, ...args);
  }

  /** Emits with an ack id and resolves with the arguments of the acknowledgement. */
  async call(event: string, ...args: unknown[]): Promise<unknown[]> {
    const acknowledged = new Promise<unknown[]>((resolve) => {
      this.#client.emit(event, ...args, (...answer: unknown[]) => resolve(answer));
    });
    return await within(acknowledged, `acknowledgement of ${event}`);
  }

  /** The payload of the next event, which must be this one. */
  async next(event: string, deadlineMs?: number): Promise<Payload> {
    const came = await this.events.next(deadlineMs);
    if (came.event !== event)
      throw new Error(
        `"${came.event}" ${JSON.stringify(came.payload)?.slice(0, 500)} came where "${event}" was due`,
      );
    return payloadOf(came);
  }

  /** Reads on until this event; returns its payload. */
  async until(event: string, deadlineMs?: number): Promise<Payload> {
    return payloadOf(await this.events.until((came) => came.event === event, deadlineMs));
  }

  /** Sends a command and returns the id that came with its `command ok`, which must be the next event. */
  async send(command: string, fields: Readonly<Record<string, unknown>> = {}): Promise<string> {
    this.emit("command send", { command, ...fields });
    const { command_id } = await this.next("command ok");
    if (command_id === undefined) throw new Error(`"command ok" of ${command} has no command_id`);
    return command_id;
  }

  /** Resolves when the transport below has become this one. */
  async transportIs(name: "websocket" | "polling"): Promise<void> {
    const { engine } = this.#client.io;
    if (engine.transport.name === name) return;
    await within(
      new Promise<void>((resolve) => engine.once("upgrade", resolve)),
      `upgrade to ${name}`,
    );
    if (engine.transport.name !== name)
      throw new Error(`the transport is ${engine.transport.name}`);
  }

  /** Resolves when the transport below is closed too, not only the namespace left. */
  async transportIsClosed(): Promise<void> {
    await eventually(
      "closed transport",
      async () => this.#client.io.engine.readyState,
      (state) => state === "closed",
    );
  }

  disconnect(): void {
    this.#client.disconnect();
  }
}

function payloadOf({ payload }: DeviceEvent): Payload {
  return typeof payload === "object" && payload !== null ? (payload as Payload) : {};
}

/** A monitor_id of 32 characters that nothing else uses. */
export function newMonitorId(): string {
  return randomUUID().replaceAll("-", "");
}
