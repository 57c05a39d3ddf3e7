/** Turns HTTP upgrades into connections of the kit. */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import type { Clock } from "../../kit/clock.ts";
import type { Connection } from "../../kit/connection.ts";
import type { Connections } from "../../kit/connections.ts";
import { tokenOf, withoutToken } from "../../kit/credentials.ts";
import type { Entrance } from "../../kit/entrance.ts";
import type { OriginGuard } from "../../kit/origin-guard.ts";
import { type Authenticator, anybody, type Principal } from "../../kit/principal.ts";
import { isSwitchboardError } from "../../wire/error.ts";
import type { GateParts } from "./frame-gate.ts";
import { FrameJoiner } from "./frame-joiner.ts";
import { refuseUpgrade } from "./refuse-upgrade.ts";
import { ServedWebSocket } from "./served-websocket.ts";
import { WebSocketLink } from "./websocket-link.ts";

/** The subprotocol that asks for our additions. */
const ownProtocol = "switchboard.v1";

/** The library's own bound for a close; the sweep of `Connections` ends the socket earlier. */
const closeTimeoutMs = 10_000;

/** What the transport is made of. */
export interface WebSocketParts {
  readonly connections: Connections;
  readonly authenticator: Authenticator;
  readonly clock: Clock;
  /** Refuses pages of foreign origins, and hosts that are not the server's. */
  readonly guard: OriginGuard;
}

/** What came of a token at the opening. */
interface Identity {
  readonly principal: Principal | undefined;
  /** Set when there was a token and it is bad. */
  readonly refused?: string;
}

/**
 * Accepts WebSockets. A refused one is accepted too and then closed with its code, since browsers cannot read an HTTP status; except
 * that a page of a foreign origin gets 403, and everybody 503 while the refused ones come faster than they go.
 */
export class WebSocketTransport {
  readonly #parts: WebSocketParts;
  readonly #gate: GateParts;
  readonly #joiner = new FrameJoiner();
  /** `ws` has the limit of a frame per server, so there is one for each limit in use. */
  readonly #servers = new Map<number, WebSocketServer>();

  constructor(parts: WebSocketParts) {
    this.#parts = parts;
    const { connections, clock } = parts;
    const { turn, inputBudget, limits } = connections;
    const { maxUnauthenticatedBytes } = limits;
    this.#gate = { turn, clock, budget: inputBudget, maxUnauthenticatedBytes };
  }

  /** Takes over a socket for the services of `entrance`. Never throws. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, entrance: Entrance): void {
    const { authenticator, connections, guard } = this.#parts;
    const foreign = guard.refusal(request, entrance);
    if (foreign !== undefined) {
      refuseUpgrade(socket, 403, foreign);
      return;
    }
    if (connections.flooded(request.socket.remoteAddress ?? "unknown")) {
      refuseUpgrade(socket, 503);
      return;
    }
    if (!authenticator.enabled) {
      this.#upgrade(request, socket, head, entrance, { principal: anybody });
      return;
    }
    const drop = () => socket.destroy();
    socket.once("error", drop);
    this.#identify(request).then((identity) => {
      socket.off("error", drop);
      if (!socket.destroyed) this.#upgrade(request, socket, head, entrance, identity);
    });
  }

  /** Lets go of what is kept between turns. */
  close(): void {
    this.#joiner.forget();
    for (const server of this.#servers.values()) server.close();
  }

  async #identify(request: IncomingMessage): Promise<Identity> {
    const token = tokenOf({
      authorization: request.headers.authorization,
      query: queryOf(request),
      protocols: request.headers["sec-websocket-protocol"],
    });
    if (token === undefined) return { principal: undefined };
    try {
      return { principal: await this.#parts.authenticator.authenticate(token) };
    } catch (error) {
      return {
        principal: undefined,
        refused: isSwitchboardError(error) ? error.message : "the token could not be checked",
      };
    }
  }

  #upgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    entrance: Entrance,
    identity: Identity,
  ): void {
    this.#server(entrance.limits.maxFrameBytes).handleUpgrade(
      request,
      socket,
      head,
      (webSocket) => {
        this.#open(webSocket as ServedWebSocket, request, socket, entrance, identity);
      },
    );
  }

  #open(
    webSocket: ServedWebSocket,
    request: IncomingMessage,
    socket: Duplex,
    entrance: Entrance,
    identity: Identity,
  ): void {
    const { connections, clock } = this.#parts;
    const address = request.socket.remoteAddress ?? "unknown";
    const refusal = connections.refusal(address);
    const query = queryOf(request);
    const wantsErrors = webSocket.protocol === ownProtocol || asksFor(query, "errors");
    const wantsSkipped = asksFor(query, "skipped");
    const opening = {
      path: pathOf(request),
      query: withoutToken(query),
      address,
      principal: identity.principal,
      wantsErrors,
      wantsSkipped,
    };
    const link = new WebSocketLink(webSocket, socket, this.#joiner, clock);
    const connection: Connection = connections.open(
      opening,
      link,
      entrance,
      entrance.limits,
      refusal !== undefined,
    );
    link.attach(connection, this.#gate, () => connections.gone(connection));
    if (refusal !== undefined) connection.close(refusal.close, refusal.reason);
    else if (identity.refused !== undefined) connection.close("unauthenticated", identity.refused);
    else {
      if (asksFor(query, "heartbeat")) link.startHeartbeats();
      entrance.open(connection);
    }
  }

  #server(maxFrameBytes: number): WebSocketServer {
    let server = this.#servers.get(maxFrameBytes);
    if (server === undefined) {
      server = new WebSocketServer({
        noServer: true,
        clientTracking: false,
        // The link answers pings, so that those of a peer which does not read do not pile up.
        autoPong: false,
        perMessageDeflate: false,
        maxPayload: maxFrameBytes,
        closeTimeout: closeTimeoutMs,
        WebSocket: ServedWebSocket,
        handleProtocols: (offered) => (offered.has(ownProtocol) ? ownProtocol : false),
      } as ConstructorParameters<typeof WebSocketServer>[0]);
      this.#servers.set(maxFrameBytes, server);
    }
    return server;
  }
}

/** Whether the query has `NAME=1`. */
function asksFor(query: string, name: string): boolean {
  return query.split("&").includes(`${name}=1`);
}

/** The path without the query. */
export function pathOf(request: IncomingMessage): string {
  const url = request.url ?? "/";
  const mark = url.indexOf("?");
  return mark < 0 ? url : url.slice(0, mark);
}

function queryOf(request: IncomingMessage): string {
  const url = request.url ?? "/";
  const mark = url.indexOf("?");
  return mark < 0 ? "" : url.slice(mark + 1);
}
