/** The platform of Node: WebSockets of the library `ws`, whose pings prove that the server has read what came before. */
import { WebSocket } from "ws";
import { closeCodes } from "../../wire/close-codes.ts";
import { httpCloseCode } from "../http-status.ts";
import type { Opening, Socket, SocketEvents } from "../transport.ts";
import type { Platform } from "./platform.ts";
import { protocolsFor } from "./protocols.ts";
import { timers } from "./timers.ts";

export const platform: Platform = {
  ...timers,
  openWebSocket: (opening, events) => new NodeSocket(opening, events),
  // Node hears nothing of its network.
  watchSignals: () => () => {},
};

/** Statuses with which a server answers an upgrade where it speaks no WebSocket. */
const wrongAddress: readonly number[] = [400, 404, 405, 426];

class NodeSocket implements Socket {
  readonly canPing = true;
  readonly #socket: WebSocket;
  readonly #events: SocketEvents;
  #pings = 0;
  #closing = false;
  #closed = false;

  constructor({ url, token }: Opening, events: SocketEvents) {
    this.#events = events;
    const socket = new WebSocket(url, protocolsFor(token), { perMessageDeflate: false });
    this.#socket = socket;
    let failure = "";
    socket.on("open", () => events.opened());
    socket.on("message", (data, isBinary) => {
      if (isBinary) events.heard();
      else events.text(data.toString());
    });
    socket.on("ping", () => events.heard());
    // A server may send pongs that answer nothing, as signs of life.
    socket.on("pong", (data) =>
      data.toString() === String(this.#pings) ? events.pong() : events.heard(),
    );
    socket.on("unexpected-response", (_request, { statusCode = 0, statusMessage = "" }) => {
      const said = `the server answered the upgrade with ${statusCode} ${statusMessage}`.trimEnd();
      const isWrongAddress = wrongAddress.includes(statusCode);
      const code = isWrongAddress
        ? closeCodes.badMessage.code
        : (httpCloseCode(statusCode) ?? 1006);
      this.#end(code, isWrongAddress ? `${said}: is this the right address?` : said, false);
      socket.terminate();
    });
    socket.on("error", (error) => {
      failure = error.message;
    });
    socket.on("close", (code, reason) =>
      this.#end(code, reason.toString() || failure, code !== 1006),
    );
  }

  get unsentBytes(): number {
    return this.#socket.bufferedAmount;
  }

  send(text: string): void {
    if (!this.#closing) this.#socket.send(text);
  }

  ping(): void {
    if (!this.#closing && this.#socket.readyState === WebSocket.OPEN)
      this.#socket.ping(String(++this.#pings));
  }

  close(code: number, reason: string): void {
    this.#closing = true;
    this.#socket.close(code, reason);
  }

  destroy(): void {
    this.#socket.terminate();
    this.#end(1006, "ended by the client", false);
  }

  #end(code: number, reason: string, clean: boolean): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#events.closed({ code, reason, clean });
  }
}
