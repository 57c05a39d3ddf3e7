/** Turns Socket.IO clients into connections of the kit. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Socket as EngineSocket } from "engine.io";
import { Server, type Socket } from "socket.io";
import type { Limits } from "../../contract/index.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Connections } from "../../kit/connections.ts";
import { withoutToken } from "../../kit/credentials.ts";
import { guardEvents, guarded } from "../../kit/guard.ts";
import type { Logger } from "../../kit/logger.ts";
import type { OriginGuard } from "../../kit/origin-guard.ts";
import type { Authenticator, Principal } from "../../kit/principal.ts";
import type { RunningService } from "../../kit/running-service.ts";
import type { CloseName } from "../../wire/close-codes.ts";
import { SwitchboardError } from "../../wire/error.ts";
import type { ErrorCode } from "../../wire/errors.ts";
import { endNow, webSocketOfUpgrade } from "./engine-internals.ts";
import { Handshakes } from "./handshakes.ts";
import { answerRefused, answerUpgradeRefused } from "./http-refusal.ts";
import { connectError, identify } from "./identify.ts";
import { packetParser } from "./packet-decoder.ts";
import { SessionEngine } from "./session-engine.ts";
import { malformed, queryOf, sidOf } from "./session-request.ts";
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

/**
 * Socket.IO 3 and 4 clients, and those of Socket.IO 2 (Engine.IO 3), over WebSocket and long-polling, in the default namespace.
 *
 * A client without a good token, where one is needed, gets `connect_error` with the message and `data: {code}` (Socket.IO 2: an `error`
 * event with the message). One that cannot be taken for a limit is refused before that, with 503 or 429, so that it comes back by itself.
 */
export class SocketIoTransport {
  readonly #parts: SocketIoParts;
  readonly #engine: SessionEngine;
  readonly #io: Server;
  readonly #paths: ReadonlySet<string>;
  readonly #handshakes: Handshakes;
  readonly #links = new Map<EngineSocket, SocketIoLink>();
  readonly #bySession = new Map<string, SocketIoLink>();
  #whenEmpty: (() => void) | undefined;

  constructor(parts: SocketIoParts) {
    this.#parts = parts;
    const { connections, service, limits, logger } = parts;
    const { paths } = service.contract;
    this.#paths = new Set(
      (paths.length === 0 ? ["/socket.io/"] : paths).flatMap((path) => [
        path.replace(/\/$/, ""),
        path.replace(/\/?$/, "/"),
      ]),
    );
    this.#handshakes = new Handshakes(connections);
    this.#engine = new SessionEngine({
      limits,
      fault: (error) => this.#log(error),
    });
    this.#engine.on("connection", (engineSocket: EngineSocket) => {
      guarded(
        () => this.#opened(engineSocket),
        (error) => this.#cutOff(engineSocket, error),
      )();
    });
    this.#engine.on(
      "connection_error",
      ({ code, message }: { readonly code: number; readonly message: string }) =>
        logger.debug({ code, reason: message }, "handshake refused by the library"),
    );
    this.#io = new Server({
      serveClient: false,
      connectTimeout: limits.authTimeoutMs,
      parser: packetParser(limits),
    });
    this.#io.use((socket, next) => {
      identify(socket, parts).then(
        (principal) => {
          socket.data.principal = principal;
          next();
        },
        (error: unknown) => next(connectError(socket, error, logger)),
      );
    });
    this.#io.on("connection", (socket) => {
      guarded(
        () => this.#join(socket),
        (error) => this.#cutOff(socket.conn, error),
      )();
    });
    this.#io.bind(this.#engine);
  }

  /** Whether requests to this path are for here. */
  owns(path: string): boolean {
    return this.#paths.has(path);
  }

  /** Answers a poll, a post or a preflight. Never throws. */
  handleRequest(request: IncomingMessage, response: ServerResponse): void {
    const fault = (error: unknown) => {
      request.socket.destroy();
      this.#log(error);
    };
    guardEvents(request, fault);
    guarded(() => this.#request(request, response), fault)();
  }

  /** Takes over a socket. Never throws. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    guarded(
      () => this.#upgrade(request, socket, head),
      (error) => {
        socket.destroy();
        this.#log(error);
      },
    )();
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

  #request(request: IncomingMessage, response: ServerResponse): void {
    const refused = malformed(request) ?? this.#unwelcome(request);
    if (refused !== undefined) {
      answerRefused(response, refused);
      return;
    }
    const sid = sidOf(request);
    if (sid === undefined && request.method === "GET") this.#handshakes.begin(request, response);
    const link = sid === undefined ? undefined : this.#bySession.get(sid);
    const proceed = () => this.#engine.handleRequest(request, response);
    if (link !== undefined && request.method === "GET") link.poll(request, response, proceed);
    else proceed();
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const refused = malformed(request) ?? this.#unwelcome(request) ?? this.#cannotUpgrade(request);
    if (refused !== undefined) {
      answerUpgradeRefused(socket, refused);
      return;
    }
    const sid = sidOf(request);
    if (sid === undefined) this.#handshakes.begin(request, socket);
    this.#engine.handleUpgrade(request, socket, head);
    const link = this.#bySession.get(sid ?? "");
    link?.input.reads(socket, webSocketOfUpgrade(request));
  }

  /** Why a request is not taken. Limits are for handshakes only: later requests of a session always pass them. */
  #unwelcome(request: IncomingMessage): SwitchboardError | undefined {
    const { connections, guard } = this.#parts;
    const foreign = guard.refusal(request);
    if (foreign !== undefined) return foreign;
    if (request.method !== "GET" || sidOf(request) !== undefined) return undefined;
    const refusal = connections.refusal(request.socket.remoteAddress ?? "unknown");
    if (refusal === undefined) return undefined;
    return new SwitchboardError(refusalCodes[refusal.close] ?? "over_capacity", refusal.reason);
  }

  /** A session changes to a WebSocket once, and tries one at a time. */
  #cannotUpgrade(request: IncomingMessage): SwitchboardError | undefined {
    const link = this.#bySession.get(sidOf(request) ?? "");
    if (link === undefined || link.mayUpgrade) return undefined;
    return new SwitchboardError("bad_message", "this session has a WebSocket already");
  }

  #opened(engineSocket: EngineSocket): void {
    const { clock, connections, limits } = this.#parts;
    const { sid } = engineSocket.transport;
    const gone = (link: SocketIoLink): void => {
      this.#links.delete(engineSocket);
      this.#bySession.delete(sid);
      if (link.connection !== undefined) connections.gone(link.connection);
      if (this.#links.size === 0) this.#whenEmpty?.();
    };
    const link = new SocketIoLink(engineSocket, {
      clock,
      limits,
      budget: connections.inputBudget,
      place: this.#handshakes.claim(engineSocket.request),
      gone,
      fault: (of, error) => this.#failed(of, error),
    });
    this.#links.set(engineSocket, link);
    this.#bySession.set(sid, link);
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
    // The library keeps these for as long as the connection.
    Object.assign(socket.handshake, { auth: {}, headers: {}, query: {} });
    link.leavePlace();
    const connection = connections.open(opening, link, service, limits);
    link.join(socket, connection);
    connection.handOver(() => service.open(connection));
    if (connections.isDraining) connection.close("restarting", "the server restarts: come back");
  }

  /** Something threw in a call from a library: it ends the client that it was about. */
  #failed(link: SocketIoLink, error: unknown): void {
    const { connection } = link;
    if (connection === undefined || connection.isClosed) {
      this.#log(error);
      link.destroy();
    } else connection.receiver.failed(connection, error);
  }

  /** A client that may have no link. */
  #cutOff(engineSocket: EngineSocket, error: unknown): void {
    this.#log(error);
    endNow(engineSocket);
  }

  #log(error: unknown): void {
    this.#parts.logger.error(
      { code: "internal", err: error },
      "a Socket.IO client's input could not be handled: it has been cut off",
    );
  }
}

/** How a refusal of a connection is told over HTTP. */
const refusalCodes: Partial<Record<CloseName, ErrorCode>> = {
  overRate: "over_rate",
  restarting: "draining",
};
