/** A WebSocket server that knows nothing of ours: notes what comes, and answers nothing. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import { Inbox } from "../support/inbox.ts";
import type { Scope } from "../support/scope.ts";

export class RecordingServer {
  readonly url: string;
  /** Texts in the order of their coming, over all connections. */
  readonly texts = new Inbox<string>("text from a client");

  readonly #server: WebSocketServer;
  readonly #sockets = new Set<WebSocket>();

  private constructor(server: WebSocketServer) {
    this.#server = server;
    this.url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
      socket.on("message", (data) => this.texts.push(data.toString()));
    });
  }

  /** Ends with the scope. `port`: default a free one. */
  static async start(scope: Scope, port = 0): Promise<RecordingServer> {
    const server = new WebSocketServer({ port, host: "127.0.0.1" });
    await once(server, "listening");
    return scope.own(new RecordingServer(server), (recording) => recording.stop());
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.terminate();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
