/** A WebSocket server that knows nothing of ours: notes what comes, and answers nothing but a greeting. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import { Inbox } from "../support/inbox.ts";
import type { Scope } from "../support/scope.ts";

export class RecordingServer {
  readonly url: string;
  /** Texts in the order of their coming, over all connections. */
  readonly texts = new Inbox<string>("text from a client");
  /** What was asked for, path and query. */
  readonly addresses = new Inbox<string>("address that a client asked for");

  readonly #server: WebSocketServer;
  readonly #sockets = new Set<WebSocket>();

  private constructor(server: WebSocketServer, greeting: readonly string[]) {
    this.#server = server;
    this.url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    server.on("connection", (socket, { url }) => {
      this.#sockets.add(socket);
      this.addresses.push(url ?? "");
      for (const text of greeting) socket.send(text);
      socket.on("close", () => this.#sockets.delete(socket));
      socket.on("message", (data) => this.texts.push(data.toString()));
    });
  }

  /** Ends with the scope. `port`: default a free one. `greeting`: said to each client at once. */
  static async start(
    scope: Scope,
    port = 0,
    greeting: readonly string[] = [],
  ): Promise<RecordingServer> {
    const server = new WebSocketServer({ port, host: "127.0.0.1" });
    await once(server, "listening");
    return scope.own(new RecordingServer(server, greeting), (recording) => recording.stop());
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.terminate();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
