/** The bytes that come over one WebSocket of a session, before they are messages. */
import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import type { ByteBudget } from "../../kit/byte-budget.ts";
import { closeCodes } from "../../wire/close-codes.ts";
import { heldBytesOf } from "./engine-internals.ts";

/** Headers of frames that a client may send before it has authenticated, in bytes. */
const headerSlackBytes = 1024;

const frameEvents = ["message", "ping", "pong"] as const;

/** What a socket's input needs. */
export interface WebSocketInputParts {
  readonly address: string;
  readonly budget: Pick<ByteBudget, "reserve" | "release">;
  readonly maxUnauthenticatedBytes: number;
  isAuthenticated(): boolean;
}

/**
 * Reserves what the library holds of unfinished messages in the process's budget; beyond it the
 * socket is closed with 1013. Until the client has authenticated, all that it sends together may
 * have `maxUnauthenticatedBytes`; beyond that it is closed with 1009. A closed one is read no more.
 */
export class WebSocketInput {
  readonly #socket: Duplex;
  readonly #webSocket: WebSocket;
  readonly #parts: WebSocketInputParts;
  #bytes = 0;
  #reservedBytes = 0;

  /** The library has added its own listeners by now. */
  constructor(socket: Duplex, webSocket: WebSocket, parts: WebSocketInputParts) {
    this.#socket = socket;
    this.#webSocket = webSocket;
    this.#parts = parts;
    socket.on("data", this.#received);
    for (const event of frameEvents) webSocket.on(event, this.#account);
    webSocket.once("close", this.#ended);
  }

  readonly #received = (chunk: Buffer): void => {
    const { isAuthenticated, maxUnauthenticatedBytes } = this.#parts;
    this.#bytes += chunk.length;
    if (this.#bytes > maxUnauthenticatedBytes + headerSlackBytes && !isAuthenticated()) {
      this.#close(
        closeCodes.tooLarge.code,
        `over ${maxUnauthenticatedBytes} bytes before it joined (limits.maxUnauthenticatedBytes)`,
      );
    } else this.#account();
  };

  readonly #account = (): void => {
    const { address, budget } = this.#parts;
    const more = heldBytesOf(this.#webSocket) - this.#reservedBytes;
    if (more > 0 && !budget.reserve(address, more)) {
      this.#close(
        closeCodes.overCapacity.code,
        "too many bytes of unfinished messages (limits.maxInputBytes): come back later",
      );
      return;
    }
    if (more < 0) budget.release(address, -more);
    this.#reservedBytes += more;
  };

  readonly #ended = (): void => {
    this.#socket.off("data", this.#received);
    for (const event of frameEvents) this.#webSocket.off(event, this.#account);
    this.#parts.budget.release(this.#parts.address, this.#reservedBytes);
    this.#reservedBytes = 0;
  };

  /** The library cuts it off a second later. */
  #close(code: number, reason: string): void {
    this.#socket.off("data", this.#received);
    this.#webSocket.close(code, reason);
    this.#webSocket.pause();
  }
}
