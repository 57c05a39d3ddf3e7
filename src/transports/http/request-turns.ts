/** Requests and upgrades of each socket, one after another, and the count of sockets. */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Limits } from "../../contract/index.ts";
import type { ByteBudget } from "../../kit/byte-budget.ts";
import type { Clock } from "../../kit/clock.ts";
import { asksForWebSocket, serveWithoutUpgrade } from "./plain-request.ts";
import { endBody, hasBody } from "./request-body.ts";
import type { RequestCount } from "./request-count.ts";
import { WaitingSockets } from "./waiting-sockets.ts";

/** What the turns are made of. */
export interface RequestTurnsParts {
  readonly limits: Pick<
    Limits,
    "maxRequestsPerSocket" | "maxWaitingSockets" | "maxWaitingSocketsPerAddress"
  >;
  /** Bounds the bytes of answers; a request that waits counts as one of `waitingRequestBytes`. */
  readonly answers: ByteBudget;
  readonly clock: Clock;
  readonly requests: RequestCount;
  /** Hears what handling a request threw; the client has been cut off. Must not throw. */
  failed(error: unknown): void;
}

/** What a waiting request holds: its headers and the objects that node makes for it. */
const waitingRequestBytes = 8192;

const refusal =
  "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n";

/** Sockets destroy themselves on an error. */
function ignore(): void {}

/** One socket of a server, for as long as it speaks HTTP. */
interface HttpSocket {
  readonly socket: Socket;
  readonly server: Server;
  readonly address: string;
  /** The requests behind the running one, in order. */
  readonly waiting: (() => void)[];
  /** A request is being answered. */
  busy: boolean;
  /** Nothing is read, since too many requests wait. */
  held: boolean;
  /** Whether it is among the waiting sockets. */
  counted: boolean;
  readonly onClose: () => void;
  readonly onResume: () => void;
}

/**
 * Runs the requests of a socket one at a time: a pipelined request is handled once the answer
 * before it has left, so that no answer holds its body or a file while it waits. All sockets together
 * start one pipelined request a turn of the event loop. Once
 * `maxRequestsPerSocket` are outstanding, the socket is not read until an answer has left. What had
 * been read by then waits too; a socket is cut off where that is too much for the answer budget.
 *
 * An upgrade waits for the answers before it. An upgrade to something else than a WebSocket is
 * served as the plain request it also is.
 *
 * A socket over `maxWaitingSockets` or `maxWaitingSocketsPerAddress` gets 503 and is closed.
 */
export class RequestTurns {
  readonly #parts: RequestTurnsParts;
  readonly #sockets = new WeakMap<Duplex, HttpSocket>();
  readonly #waitingSockets: WaitingSockets;
  /** Requests that waited, whose turn it is. */
  readonly #due: { readonly state: HttpSocket; readonly start: () => void }[] = [];

  constructor(parts: RequestTurnsParts) {
    this.#parts = parts;
    this.#waitingSockets = new WaitingSockets(parts.limits);
  }

  /** Number of sockets that wait for a request. */
  get waitingSockets(): number {
    return this.#waitingSockets.size;
  }

  /** Counts the sockets of a server from now on; to be called before it listens. */
  watch(server: Server): void {
    server.on("connection", (socket) => this.#opened(server, socket));
  }

  /** Calls `handle` when the answers before this one have left. */
  request(incoming: IncomingMessage, outgoing: ServerResponse, handle: () => void): void {
    const state = this.#sockets.get(incoming.socket);
    // A socket that was refused or cut off ends by itself; what was read of it still arrives.
    if (state === undefined || state.socket.destroyed) return;
    this.#take(state, true, () => {
      // While an answer is under way its connection is bounded by other limits.
      if (!hasBody(incoming)) this.#uncount(state);
      outgoing.once("close", () => {
        endBody(incoming, this.#parts.clock);
        this.#next(state);
      });
      handle();
    });
  }

  /** Calls `handle` when the answers before have left, if the upgrade is one to a WebSocket. */
  upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer, handle: () => void): void {
    const state = this.#sockets.get(socket);
    if (state === undefined) {
      socket.destroy();
      return;
    }
    // Node has taken its own listeners off; without any, a reset would end the process.
    socket.on("error", ignore);
    // What comes now is not HTTP's to read.
    state.held = false;
    this.#take(state, false, () => {
      if (asksForWebSocket(incoming)) {
        this.#leave(state);
        handle();
      } else {
        state.busy = false;
        this.#count(state);
        serveWithoutUpgrade(state.server, incoming, socket, head);
      }
    });
  }

  #opened(server: Server, socket: Socket): void {
    // A socket that was given back by `serveWithoutUpgrade`.
    if (this.#sockets.has(socket)) return;
    const address = socket.remoteAddress ?? "unknown";
    const limit = this.#waitingSockets.limitReached(address);
    if (limit !== undefined) {
      this.#parts.requests.limited(limit);
      socket.once("finish", () => socket.destroy());
      socket.end(refusal);
      return;
    }
    const state: HttpSocket = {
      socket,
      server,
      address,
      waiting: [],
      busy: false,
      held: false,
      counted: false,
      onClose: () => this.#closed(state),
      // Node resumes a socket for its own reasons, too.
      onResume: () => state.held && socket.pause(),
    };
    this.#sockets.set(socket, state);
    this.#count(state);
    socket.on("close", state.onClose).on("resume", state.onResume);
  }

  #take(state: HttpSocket, mayHold: boolean, start: () => void): void {
    if (!state.busy) {
      state.busy = true;
      start();
      return;
    }
    const { answers, limits, requests } = this.#parts;
    if (!answers.reserve(state.address, waitingRequestBytes)) {
      requests.limited("maxAnswerBytes");
      state.socket.destroy();
      return;
    }
    state.waiting.push(start);
    if (!mayHold || state.waiting.length < Math.max(1, limits.maxRequestsPerSocket - 1)) return;
    if (!state.held) requests.limited("maxRequestsPerSocket");
    state.held = true;
    state.socket.pause();
  }

  #next(state: HttpSocket): void {
    if (this.#sockets.get(state.socket) !== state) return;
    if (state.waiting.length > 0) {
      this.#startWaiting(state);
      return;
    }
    this.#count(state);
    // Node may be in the middle of what it has read: the rest of that has to wait for a turn, too.
    setImmediate(() => {
      if (state.waiting.length > 0) this.#startWaiting(state);
      else state.busy = false;
    });
  }

  #startWaiting(state: HttpSocket): void {
    const start = state.waiting.shift();
    if (start === undefined) return;
    const { answers, limits } = this.#parts;
    answers.release(state.address, waitingRequestBytes);
    if (state.held && state.waiting.length < Math.max(1, limits.maxRequestsPerSocket - 1)) {
      state.held = false;
      state.socket.resume();
    }
    this.#due.push({ state, start });
    if (this.#due.length === 1) setImmediate(() => this.#startDue());
  }

  /** One a turn of the loop: whoever sends many requests at once must not hold up all others. */
  #startDue(): void {
    const { state, start } = this.#due.shift() ?? {};
    if (this.#due.length > 0) setImmediate(() => this.#startDue());
    if (state === undefined || this.#sockets.get(state.socket) !== state) return;
    try {
      start?.();
    } catch (error) {
      state.socket.destroy();
      this.#parts.failed(error);
    }
  }

  /** The socket is a connection's from now on. */
  #leave(state: HttpSocket): void {
    this.#uncount(state);
    this.#sockets.delete(state.socket);
    state.socket.off("close", state.onClose).off("resume", state.onResume).setTimeout(0);
  }

  #closed(state: HttpSocket): void {
    this.#leave(state);
    const left = state.waiting.splice(0).length;
    this.#parts.answers.release(state.address, left * waitingRequestBytes);
  }

  #count(state: HttpSocket): void {
    if (state.counted) return;
    state.counted = true;
    this.#waitingSockets.add(state.address);
  }

  #uncount(state: HttpSocket): void {
    if (!state.counted) return;
    state.counted = false;
    this.#waitingSockets.remove(state.address);
  }
}
