/** The core's transport over socket.io-client, which is kept from reconnecting: states, delays and the outbox are the core's own. */

import { type Socket as IoSocket, io } from "socket.io-client";
import { platform } from "#platform";
import { closeCodes } from "../../wire/close-codes.ts";
import type { Opening, Socket, SocketEvents, Transport } from "../transport.ts";
import { acknowledgementText, eventText, parseEvent, type SocketEvent } from "./event-text.ts";

/** Socket.IO has no close codes. RFC 6455 keeps this one for a close that had none: come back. */
const noCode = 1005;
/** The socket just went. */
const goneCode = 1006;

/** What a refusal of ours says in `data.code`, as the close code that means the same to the core. */
const refusalCodes: Readonly<Record<string, number>> = {
  unauthenticated: closeCodes.unauthenticated.code,
  forbidden: closeCodes.forbidden.code,
  over_capacity: closeCodes.overCapacity.code,
  over_rate: closeCodes.overRate.code,
  draining: closeCodes.restarting.code,
};

/** HTTP statuses of a refused handshake that tell when to come back. */
const statusCodes: Readonly<Record<number, number>> = {
  429: closeCodes.overRate.code,
  503: closeCodes.overCapacity.code,
};

/**
 * A text of the core is an event (`event-text.ts`). The address's path is the Socket.IO path. WebSocket first, since long-polling needs one and the same node for all its requests; where that cannot be opened, long-polling. A token goes as `auth.token`.
 * `sent` is called with each event when it is handed to the socket.
 *
 * Each event asks for an acknowledgement. One proves that the server has read it and everything before it: it is what makes our own close
 * `clean`, and what comes back as a text for an event with an id. The server is never pinged (`canPing` is false): to a server other than
 * Switchboard there is nothing one could safely send for that, and the original does not acknowledge an event on which its handler
 * fails, so that waiting would end good connections. A silent server is noticed by the heartbeat of Engine.IO, whose pings the server sends.
 */
export function socketIoTransport(sent: (event: SocketEvent) => void = () => {}): Transport {
  return (opening, events) => new SocketIoSocket(opening, events, sent);
}

class SocketIoSocket implements Socket {
  readonly canPing = false;
  readonly #io: IoSocket;
  readonly #events: SocketEvents;
  readonly #sent: (event: SocketEvent) => void;
  #webSocket: WebSocketParts | undefined;
  #emitted = 0;
  #acknowledged = 0;
  #closing: { readonly code: number; readonly reason: string } | undefined;
  #closed = false;

  constructor({ url, token }: Opening, events: SocketEvents, sent: (event: SocketEvent) => void) {
    this.#events = events;
    this.#sent = sent;
    const { origin, pathname, searchParams } = new URL(url);
    this.#io = io(origin, {
      path: pathname,
      query: Object.fromEntries(searchParams),
      transports: ["websocket", "polling"],
      tryAllTransports: true,
      reconnection: false,
      forceNew: true,
      multiplex: false,
      ...(token === undefined ? {} : { auth: { token } }),
    });
    this.#io.on("connect", () => {
      this.#webSocket = webSocketOf(this.#io);
      events.opened();
    });
    this.#io.on("connect_error", (error) => this.#end(refusalOf(error), messageOf(error), false));
    this.#io.on("disconnect", (reason) => {
      // The library would wait half a minute for a peer that has been silent to answer the close frame.
      if (reason === "ping timeout") this.#webSocket?.terminate?.();
      // What the server said just before, `query failed` for example, is looked at first: it tells why.
      platform.after(0, () =>
        this.#end(reason === "io server disconnect" ? noCode : goneCode, reason, false),
      );
    });
    this.#io.onAny((name: string, payload: unknown) => {
      if (!this.#closed)
        events.text(
          eventText(name, typeof payload === "function" ? undefined : (payload as object)),
        );
    });
    this.#io.io.on("ping", () => events.heard());
  }

  get unsentBytes(): number {
    let bytes = this.#webSocket?.bufferedAmount ?? 0;
    for (const { data } of this.#io.io.engine?.writeBuffer ?? [])
      bytes += typeof data === "string" ? data.length : 0;
    return bytes;
  }

  send(text: string): void {
    const event = parseEvent(text);
    if (event === undefined || this.#closing !== undefined || this.#closed) return;
    const { name, payload, id } = event;
    const number = ++this.#emitted;
    const acknowledge = () => this.#acknowledge(number, id);
    this.#sent(event);
    // In the library's own form: without a payload the function is the only argument.
    if (payload === undefined) this.#io.emit(name, acknowledge);
    else this.#io.emit(name, payload, acknowledge);
  }

  ping(): void {}

  close(code: number, reason: string): void {
    this.#closing ??= { code, reason };
    this.#closeWhenRead();
  }

  destroy(): void {
    this.#webSocket?.terminate?.();
    this.#end(goneCode, "ended by the client", false);
  }

  #acknowledge(number: number, id: string | undefined): void {
    if (this.#closed) return;
    this.#acknowledged = Math.max(this.#acknowledged, number);
    if (id !== undefined) this.#events.text(acknowledgementText(id));
    this.#closeWhenRead();
  }

  /** A server that does not acknowledge is left to who closes: that one waits so long and no longer. */
  #closeWhenRead(): void {
    if (this.#closing !== undefined && this.#acknowledged === this.#emitted)
      this.#end(this.#closing.code, this.#closing.reason, true);
  }

  #end(code: number, reason: string, clean: boolean): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#io.disconnect();
    this.#events.closed({ code, reason, clean });
  }
}

/** Of a WebSocket, of `ws` or a page's, what the library does not show. */
interface WebSocketParts {
  readonly bufferedAmount?: number;
  terminate?(): void;
}

function webSocketOf({ io: manager }: IoSocket): WebSocketParts | undefined {
  const { transport } = manager.engine;
  return "ws" in transport ? (transport.ws as WebSocketParts | undefined) : undefined;
}

/** `error` is the server's refusal, with our `data`, or the library's report that it could not connect, where the HTTP status is its `description`. */
function refusalOf(error: Error): number {
  const code =
    "data" in error && typeof error.data === "object" && error.data !== null && "code" in error.data
      ? error.data.code
      : "";
  const status = "description" in error ? error.description : 0;
  return refusalCodes[String(code)] ?? statusCodes[Number(status)] ?? goneCode;
}

function messageOf(error: Error): string {
  return "description" in error && typeof error.description === "number" && error.description > 0
    ? `${error.message} (HTTP ${error.description})`
    : error.message;
}
