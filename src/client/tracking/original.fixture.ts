/** For tests: a server that does what the original one was seen to do, and knows nothing of Switchboard. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type WebSocket, WebSocketServer } from "ws";

interface Message {
  readonly type?: string;
  readonly [field: string]: unknown;
}

/** The only token that it takes. */
export const goodToken = "good.token.here";

/** A running server, on a free port of loopback. */
export class Original {
  /** `ws://127.0.0.1:PORT` */
  readonly url: string;
  /** Every text that came, with its endpoint and the number of its connection, in order. */
  readonly received: {
    readonly path: string;
    readonly connection: number;
    readonly text: string;
  }[] = [];
  /** Subprotocols that were offered. The original selects none, so a client that offers some breaks off. */
  readonly offered: string[] = [];
  /** Authorization headers of HTTP requests. */
  readonly authorizations: string[] = [];
  readonly #server: Server;
  readonly #sockets: WebSocketServer;
  readonly #auth: boolean;
  readonly #processors = new Map<string, WebSocket>();
  readonly #clients = new Map<WebSocket, { usesImages: boolean }>();
  readonly #objects = new Map<number, { readonly image?: unknown; featureMap: unknown }>();
  readonly #timelines = new Map<number, unknown[]>();
  #lastId = 0;
  #connections = 0;

  private constructor(server: Server, auth: boolean, port: number) {
    this.#server = server;
    this.#auth = auth;
    this.url = `ws://127.0.0.1:${port}`;
    server.on("request", (request, response) => this.#http(request, response));
    this.#sockets = new WebSocketServer({ server, handleProtocols: () => false });
    this.#sockets.on("connection", (socket, request) => this.#open(socket, request));
  }

  static async start({ auth = false } = {}): Promise<Original> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("the server has no port");
    return new Original(server, auth, address.port);
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Writes a text to every connection, as it is. */
  say(text: string): void {
    for (const socket of this.#sockets.clients) socket.send(text);
  }

  #open(socket: WebSocket, request: IncomingMessage): void {
    const path = request.url ?? "";
    const connection = ++this.#connections;
    this.offered.push(request.headers["sec-websocket-protocol"] ?? "none");
    let isIn = !this.#auth;
    let processorId: string | undefined;
    if (isIn && path === "/client") this.#clients.set(socket, { usesImages: false });
    socket.on("close", () => {
      this.#clients.delete(socket);
      if (processorId !== undefined && this.#processors.get(processorId) === socket)
        this.#processors.delete(processorId);
    });
    socket.on("message", (data) => {
      this.received.push({ path, connection, text: data.toString() });
      let message: Message;
      try {
        message = JSON.parse(data.toString()) as Message;
      } catch {
        return;
      }
      if (message.type === "authenticate") {
        if (isIn || message.jwt !== goodToken) return;
        isIn = true;
        if (path === "/client") this.#clients.set(socket, { usesImages: false });
      } else if (!isIn && message.type !== undefined) socket.close();
      else if (message.type === "identifier") {
        processorId = String(message.id);
        this.#processors.set(processorId, socket);
        for (const [objectId, { featureMap }] of this.#objects)
          send(socket, { type: "featureMap", objectId, featureMap });
      } else if (path === "/processor") this.#processorSays(processorId, message);
      else this.#clientSays(socket, message);
    });
  }

  #processorSays(
    cameraId: string | undefined,
    { type, objectId, featureMap, frameId, boxes }: Message,
  ): void {
    const object = this.#objects.get(Number(objectId));
    if (type === "featureMap" && object !== undefined) {
      object.featureMap = featureMap;
      for (const processor of this.#processors.values())
        send(processor, { type, objectId, featureMap });
    } else if (type === "boundingBoxes") {
      for (const box of boxes as { readonly objectId?: number }[]) {
        const { objectId: id = 0 } = box;
        const seen = { timeStamp: "2026/01/02 | 03:04:05", processorId: cameraId };
        if (this.#objects.has(id))
          this.#timelines.set(id, [...(this.#timelines.get(id) ?? []), seen]);
      }
      for (const client of this.#clients.keys()) send(client, { type, cameraId, frameId, boxes });
    }
  }

  #clientSays(socket: WebSocket, { type, ...message }: Message): void {
    if (type === "start") {
      const { cameraId, ...wish } = message;
      const processor = this.#processors.get(String(cameraId));
      if (processor === undefined) return;
      const objectId = ++this.#lastId;
      this.#objects.set(objectId, { ...wish, featureMap: {} });
      send(processor, { type, objectId, ...wish });
      this.#tellImageUsers({ type: "newObject", objectId, image: wish.image });
    } else if (type === "stop" && this.#objects.delete(Number(message.objectId))) {
      for (const processor of this.#processors.values()) send(processor, { type, ...message });
      this.#tellImageUsers({ type, ...message });
    } else if (type === "setUsesImages") {
      this.#clients.set(socket, { usesImages: message.usesImages === true });
      for (const [objectId, { image }] of this.#objects) {
        if (message.usesImages === true && image !== undefined)
          send(socket, { type: "newObject", objectId, image });
      }
    }
  }

  #tellImageUsers(message: Message): void {
    for (const [client, { usesImages }] of this.#clients) if (usesImages) send(client, message);
  }

  #http(request: IncomingMessage, response: ServerResponse): void {
    if (request.headers.authorization !== undefined)
      this.authorizations.push(request.headers.authorization);
    const { pathname, searchParams } = new URL(request.url ?? "", "http://x");
    response.setHeader("access-control-allow-origin", "*");
    if (pathname === "/objectIds") {
      const ids = Array.from({ length: this.#lastId }, (_, nth) => nth + 1);
      response.end(`{"data":[${ids.join(", ")}]}`);
      return;
    }
    const timeline = this.#timelines.get(Number(searchParams.get("objectId")));
    if (pathname === "/timelines" && timeline !== undefined)
      response.end(JSON.stringify({ data: timeline }));
    else {
      response.statusCode = pathname === "/timelines" ? 400 : 404;
      response.end(
        pathname === "/timelines" ? "Object id not present in tracking history" : "Cannot GET",
      );
    }
  }
}

function send(socket: WebSocket, message: Message): void {
  socket.send(JSON.stringify(message));
}
