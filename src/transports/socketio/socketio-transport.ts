/** Turns Socket.IO clients into connections of the kit. */
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { Server as EngineServer, type Socket as EngineSocket } from "engine.io";
import { Server, type Socket } from "socket.io";
import type { Limits } from "../../contract/index.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Connections } from "../../kit/connections.ts";
import { tokenOf, withoutToken } from "../../kit/credentials.ts";
import type { Logger } from "../../kit/logger.ts";
import type { OriginGuard } from "../../kit/origin-guard.ts";
import { type Authenticator, anybody, type Principal } from "../../kit/principal.ts";
import type { RunningService } from "../../kit/running-service.ts";
import { isSwitchboardError, SwitchboardError } from "../../wire/error.ts";
import { SocketIoLink } from "./socketio-link.ts";

/** What the transport is made of. */
export interface SocketIoParts {
  /** Its contract's paths are the Socket.IO paths; default `/socket.io/`. */
  readonly service: RunningService;
  readonly connections: Connections;
  readonly authenticator: Authenticator;
  readonly limits: Limits;
  /** Refuses pages of foreign origins, and hosts that are not the server's. */
  readonly guard: OriginGuard;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Opens the transport; it takes requests and upgrades of any number of HTTP servers. */
export function createSocketIoTransport(parts: SocketIoParts): SocketIoTransport {
  return new SocketIoTransport(parts);
}

/** The client must have time for its pong. */
const minPingTimeoutMs = 1000;

/**
 * Socket.IO 3 and 4 clients, and those of Socket.IO 2 (Engine.IO 3), over WebSocket and long-polling, in the default namespace.
 *
 * A client without a good token, where one is needed, gets `connect_error` with the message and `data: {code}` (Socket.IO 2: an `error`
 * event with the message). One that cannot be taken for a limit is refused before that, with 503 or 429, so that it comes back by itself.
 */
export class SocketIoTransport {
  readonly #parts: SocketIoParts;
  readonly #engine: EngineServer;
  readonly #io: Server;
  readonly #paths: ReadonlySet<string>;
  readonly #links = new Map<EngineSocket, SocketIoLink>();
  #joined = 0;
  #whenEmpty: (() => void) | undefined;

  constructor(parts: SocketIoParts) {
    this.#parts = parts;
    const { service, limits, logger } = parts;
    const { paths } = service.contract;
    this.#paths = new Set(
      (paths.length === 0 ? ["/socket.io/"] : paths).flatMap((path) => [
        path.replace(/\/$/, ""),
        path.replace(/\/?$/, "/"),
      ]),
    );
    this.#engine = new EngineServer({
      allowEIO3: true,
      // Requests that reach the library have passed the guard, so the answer names their origin. Socket.IO 2 in a browser always asks
      // with credentials, which `*` does not allow. There are no cookies here that this could expose.
      cors: { origin: true, credentials: true },
      httpCompression: false,
      maxHttpBufferSize: limits.maxFrameBytes,
      perMessageDeflate: false,
      pingInterval: limits.pingIntervalMs,
      pingTimeout: Math.max(minPingTimeoutMs, limits.idleTimeoutMs - limits.pingIntervalMs),
    });
    this.#engine.on("connection", (engineSocket: EngineSocket) => this.#opened(engineSocket));
    this.#engine.on(
      "connection_error",
      ({ code, message }: { readonly code: number; readonly message: string }) =>
        logger.debug({ code, reason: message }, "handshake refused by the library"),
    );
    this.#engine.on("headers", (headers: Record<string, string>) => {
      headers["x-content-type-options"] = "nosniff";
    });
    this.#io = new Server({ serveClient: false, connectTimeout: limits.authTimeoutMs });
    this.#io.use((socket, next) => {
      this.#identify(socket).then(
        (principal) => {
          socket.data.principal = principal;
          next();
        },
        (error: unknown) => next(this.#refusal(socket, error)),
      );
    });
    this.#io.on("connection", (socket) => this.#join(socket));
    this.#io.bind(this.#engine);
  }

  /** Whether requests to this path are for here. */
  owns(path: string): boolean {
    return this.#paths.has(path);
  }

  /** Answers a poll, a post or a preflight. Never throws. */
  handleRequest(request: IncomingMessage, response: ServerResponse): void {
    const refused = this.#unwelcome(request);
    if (refused !== undefined) {
      response
        .writeHead(refused.status, { "content-type": "application/json; charset=utf-8" })
        .end(errorText(refused));
      return;
    }
    try {
      this.#engine.handleRequest(request, response);
    } catch {
      // An address that is none.
      if (!response.headersSent) response.writeHead(400);
      response.end();
    }
  }

  /** Takes over a socket. Never throws. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const refused = this.#unwelcome(request);
    if (refused !== undefined) {
      socket.once("error", () => socket.destroy());
      const text = errorText(refused);
      socket.end(
        `HTTP/1.1 ${refused.status} ${STATUS_CODES[refused.status]}\r\nConnection: close\r\n` +
          `Content-Type: application/json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
      );
      return;
    }
    try {
      this.#engine.handleUpgrade(request, socket, head);
    } catch {
      socket.destroy();
    }
  }

  /** Ends every connection that is left; resolves when all have gone. */
  async close(): Promise<void> {
    for (const link of this.#links.values()) {
      link.connection?.destroy("the transport closes");
      link.destroy();
    }
    await this.#io.close();
    if (this.#links.size > 0) await new Promise<void>((resolve) => (this.#whenEmpty = resolve));
  }

  /** Why a request is not taken. Limits are for handshakes only: later requests of a session always pass them. */
  #unwelcome(request: IncomingMessage): SwitchboardError | undefined {
    const foreign = this.#parts.guard.refusal(request);
    if (foreign !== undefined) return foreign;
    // As the library has it: the last one counts, and an empty one is none.
    if (request.method !== "GET" || new URLSearchParams(queryOf(request.url)).getAll("sid").at(-1))
      return undefined;
    const { connections, limits } = this.#parts;
    const joining = this.#engine.clientsCount - this.#joined;
    if (
      connections.size + joining >= limits.maxConnections &&
      connections.size < limits.maxConnections
    ) {
      return new SwitchboardError(
        "over_capacity",
        `${joining} clients are just connecting (limits.maxConnections): come back later`,
      );
    }
    const refusal = connections.refusal(request.socket.remoteAddress ?? "unknown");
    if (refusal === undefined) return undefined;
    return new SwitchboardError(
      refusal.close === "overRate" ? "over_rate" : "over_capacity",
      refusal.reason,
    );
  }

  async #identify({ handshake }: Socket): Promise<Principal | undefined> {
    const { authenticator, service } = this.#parts;
    if (!authenticator.enabled) return anybody;
    const given: unknown = handshake.auth.token;
    const elsewhere = tokenOf({
      authorization: handshake.headers.authorization,
      query: queryOf(handshake.url),
    });
    const token = typeof given === "string" && given !== "" ? given : elsewhere;
    if (token !== undefined) return await authenticator.authenticate(token);
    if (service.contract.auth === "message") return undefined;
    throw new SwitchboardError(
      "unauthenticated",
      "no token: send it as auth.token, as Authorization: Bearer or as ?token=",
    );
  }

  /** What the library sends to a client whose token is not good. */
  #refusal({ conn }: Socket, error: unknown): Error {
    if (!isSwitchboardError(error))
      this.#parts.logger.error({ err: error }, "a token could not be checked");
    const code = isSwitchboardError(error) ? error.code : "unauthenticated";
    const message = isSwitchboardError(error) ? error.message : "the token could not be checked";
    // To Socket.IO 2 the library sends the data in the place of the message.
    return Object.assign(new Error(message), conn.protocol === 3 ? {} : { data: { code } });
  }

  #opened(engineSocket: EngineSocket): void {
    const { clock, connections, limits } = this.#parts;
    const gone = (link: SocketIoLink): void => {
      this.#links.delete(engineSocket);
      if (link.connection !== undefined) {
        this.#joined--;
        connections.gone(link.connection);
      }
      if (this.#links.size === 0) this.#whenEmpty?.();
    };
    const { maxQueueBytes, pingIntervalMs } = limits;
    this.#links.set(
      engineSocket,
      new SocketIoLink(engineSocket, { clock, maxQueueBytes, pingIntervalMs, gone }),
    );
  }

  #join(socket: Socket): void {
    const { connections, service, limits } = this.#parts;
    const link = this.#links.get(socket.conn);
    if (link === undefined || link.connection !== undefined) {
      socket.disconnect(true);
      return;
    }
    const { url, address } = socket.handshake;
    const opening = {
      path: url.replace(/\?.*$/s, ""),
      query: withoutToken(queryOf(url)),
      address: address ?? "unknown",
      principal: socket.data.principal as Principal | undefined,
      wantsErrors: false,
      wantsSkipped: false,
    };
    this.#joined++;
    const connection = connections.open(opening, link, service, limits);
    link.join(socket, connection);
    connection.handOver(() => service.open(connection));
  }
}

function queryOf(url = ""): string {
  const mark = url.indexOf("?");
  return mark < 0 ? "" : url.slice(mark + 1);
}

function errorText({ code, message }: SwitchboardError): string {
  return JSON.stringify({ error: { code, message } });
}
