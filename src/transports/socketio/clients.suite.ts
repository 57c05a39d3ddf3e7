/** For the tests of this folder: real clients of every kind, and Engine.IO by hand. */
import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { createRequire } from "node:module";
import { io as newest } from "socket.io-client";
import { WebSocket } from "ws";
import { Inbox, within } from "../../../test/support/inbox.ts";
import type { Scope } from "../../../test/support/scope.ts";

/** What both versions of the client have and we use. */
export interface Client {
  readonly connected: boolean;
  readonly id: string;
  readonly io: {
    readonly engine: {
      readonly transport: { readonly name: string };
      once(event: "upgrade", listener: () => void): void;
    };
  };
  on(event: string, listener: (...args: never[]) => void): unknown;
  onAny(listener: (event: string, ...args: unknown[]) => void): unknown;
  emit(event: string, ...args: unknown[]): unknown;
  connect(): unknown;
  disconnect(): unknown;
}

type Connect = (url: string, options: Readonly<Record<string, unknown>>) => Client;

// 4.0.1 has no types for its ES module.
const { io: oldest } = createRequire(import.meta.url)("socket.io-client-4-0-1") as { io: Connect };
const versions = { current: newest as unknown as Connect, "4.0.1": oldest };

export interface ClientKind {
  readonly version: keyof typeof versions;
  readonly transport: "websocket" | "polling" | "upgrade";
}

export const clientKinds: readonly ClientKind[] = (["current", "4.0.1"] as const).flatMap(
  (version) =>
    (["websocket", "polling", "upgrade"] as const).map((transport) => ({ version, transport })),
);

/** A real client with an inbox of its events, `[name, ...arguments]`; `disconnect` and `connect_error` among them. */
export class RealClient {
  readonly client: Client;
  readonly events = new Inbox<readonly unknown[]>("event");

  constructor(url: string, kind: Partial<ClientKind>, extra: Readonly<Record<string, unknown>>) {
    const { version = "current", transport = "websocket" } = kind;
    const transports = transport === "upgrade" ? ["polling", "websocket"] : [transport];
    this.client = versions[version](url, {
      transports,
      forceNew: true,
      reconnection: false,
      ...extra,
    });
    this.client.onAny((event, ...args) => this.events.push([event, ...args]));
    this.client.on("connect", () => this.events.push(["connect"]));
    this.client.on("disconnect", (reason: string) => this.events.push(["disconnect", reason]));
    this.client.on("connect_error", (error: Error & { data?: unknown }) =>
      this.events.push(["connect_error", error.message, error.data]),
    );
  }

  static launch(
    scope: Scope,
    url: string,
    kind: Partial<ClientKind> = {},
    extra: Readonly<Record<string, unknown>> = {},
  ): RealClient {
    return scope.own(new RealClient(url, kind, extra), ({ client }) => client.disconnect());
  }

  /** Connected, and upgraded if that is its kind. */
  static async connect(
    scope: Scope,
    url: string,
    kind: Partial<ClientKind> = {},
    extra: Readonly<Record<string, unknown>> = {},
  ): Promise<RealClient> {
    const real = RealClient.launch(scope, url, kind, extra);
    const first = await real.events.next();
    if (first[0] !== "connect") throw new Error(`not connected: ${JSON.stringify(first)}`);
    const { engine } = real.client.io;
    if (kind.transport === "upgrade" && engine.transport.name === "polling") {
      await within(new Promise<void>((resolve) => engine.once("upgrade", resolve)), "the upgrade");
    }
    return real;
  }

  /** Emits with an acknowledgement, and resolves to what came with it. */
  async call(event: string, ...args: unknown[]): Promise<unknown[]> {
    return await within(
      new Promise((resolve) =>
        this.client.emit(event, ...args, (...answer: unknown[]) => resolve(answer)),
      ),
      "the ack",
    );
  }
}

/** A WebSocket that speaks Engine.IO by hand: every text is an Engine.IO packet. */
export class RawSocket {
  readonly socket: WebSocket;
  readonly packets = new Inbox<string>("packet");

  constructor(url: string, query: string, headers: Readonly<Record<string, string>>) {
    this.socket = new WebSocket(
      `${url.replace("http", "ws")}/socket.io/?${query}&transport=websocket`,
      { headers },
    );
    this.socket.on("message", (data) => this.packets.push(String(data)));
    this.socket.on("close", (code) => this.packets.end(`closed with ${code}`));
    this.socket.on("error", (error) => this.packets.end(String(error)));
  }

  static open(
    scope: Scope,
    url: string,
    query = "EIO=4",
    headers: Readonly<Record<string, string>> = {},
  ): RawSocket {
    return scope.own(new RawSocket(url, query, headers), ({ socket }) => socket.terminate());
  }

  /** Joined to the default namespace. */
  static async join(scope: Scope, url: string, query = "EIO=4"): Promise<RawSocket> {
    const raw = RawSocket.open(scope, url, query);
    await raw.packets.until((packet) => packet.startsWith("0"));
    if (query.startsWith("EIO=4")) raw.send("40");
    await raw.packets.until((packet) => packet.startsWith("40"));
    return raw;
  }

  send(packet: string | Buffer): void {
    this.socket.send(packet);
  }

  /** Stops, or resumes, taking anything from the network. */
  read(on: boolean): void {
    if (on) this.socket.resume();
    else this.socket.pause();
  }
}

/** Long-polling by hand. */
export class RawPoller {
  readonly #url: string;
  sid = "";

  constructor(url: string, query: string) {
    this.#url = `${url}/socket.io/?${query}&transport=polling`;
  }

  /** The handshake; resolves to what the server answered. */
  static async open(url: string, query = "EIO=4"): Promise<readonly [RawPoller, string]> {
    const poller = new RawPoller(url, query);
    const opened = await poller.poll();
    poller.sid = /"sid":"([^"]+)"/.exec(opened)?.[1] ?? "";
    return [poller, opened];
  }

  /** Joined to the default namespace. */
  static async join(url: string): Promise<RawPoller> {
    const [poller] = await RawPoller.open(url);
    await poller.post("40");
    const joined = await poller.poll();
    if (!joined.startsWith("40")) throw new Error(`not joined: ${joined}`);
    return poller;
  }

  async poll(): Promise<string> {
    return await this.#ask("GET");
  }

  async post(
    body: string | Buffer,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    return await this.#ask("POST", body, headers);
  }

  async #ask(
    method: string,
    body?: string | Buffer,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    const address = this.sid === "" ? this.#url : `${this.#url}&sid=${this.sid}`;
    const request = httpRequest(address, {
      method,
      headers: { "content-type": "text/plain;charset=UTF-8", ...headers },
    });
    const answer = (async () => {
      const [response] = (await once(request, "response")) as [IncomingMessage];
      let text = "";
      for await (const chunk of response.setEncoding("utf8")) text += chunk;
      return response.statusCode === 200 ? text : `${response.statusCode} ${text}`;
    })();
    request.end(body);
    return await within(answer, `answer to ${method} ${address}`);
  }
}
