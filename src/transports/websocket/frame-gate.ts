/** Between a socket and the `ws` library: fair turns, bounds for bytes that are not yet a message. */
import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import type { ByteBudget } from "../../kit/byte-budget.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Turn } from "../../kit/turn.ts";
import type { CloseName } from "../../wire/close-codes.ts";
import { ChunkGatherer } from "./chunk-gatherer.ts";
import { FrameScanner } from "./frame-scanner.ts";
import { InputAccount } from "./input-account.ts";

/** Frames and bytes of one connection that are handled in one turn of the event loop. */
const framesPerTurn = 32;
const bytesPerTurn = 64 * 1024;

/** When a socket ends without a close frame, this many frames that had arrived are handled. */
const lastFrames = 1024;

/** After a close, this much is still read, for the peer's close frame and the end of TCP. */
const maxDiscardedBytes = 256 * 1024;

/** A peer that sends a message more slowly than this has `idleTimeoutMs` for it. */
const slowestBytesPerMs = 8;

/** What all gates of a process share. */
export interface GateParts {
  readonly turn: Turn;
  readonly clock: Clock;
  readonly budget: ByteBudget;
  readonly maxUnauthenticatedBytes: number;
}

/** The connection, as its gate sees it. */
export interface GatedConnection {
  readonly opening: { readonly address: string };
  /** Undefined until the client has authenticated. */
  readonly principal: object | undefined;
  /** Bytes of messages that wait for the running one. */
  readonly waitingBytes: number;
  heard(): void;
  /** Runs `task` when the messages before it have been handled. */
  handOver(task: () => void): void;
  close(name: CloseName, reason: string): void;
}

type Mode = "reads" | "awaits-close" | "discards";

/**
 * Takes over the `data` listener of `ws` and hands the library at most 32 frames, of whatever kind,
 * or 64 KiB in one turn; then the socket is paused until the next one. Only small chunks of an
 * unfinished frame are copied. The memory of unfinished messages, and of messages that wait while reading is paused, is
 * reserved in the process's budget; beyond it the connection is closed with 1013. A client that has
 * not authenticated is closed with 1009 when a header announces more than
 * `maxUnauthenticatedBytes`. After a close nothing reaches the library any more.
 *
 * Throws a TypeError if `ws` no longer reads through exactly one `data` listener.
 */
export class FrameGate {
  readonly #socket: Duplex;
  readonly #webSocket: WebSocket;
  readonly #connection: GatedConnection;
  readonly #parts: GateParts;
  readonly #deliver: (chunk: Buffer) => void;
  readonly #scanner = new FrameScanner();
  readonly #gatherer = new ChunkGatherer();
  readonly #account: InputAccount;
  #mode: Mode = "reads";
  /** What the socket has given and the library has not got yet begins at `#at`. */
  #rest: Buffer | undefined;
  #at = 0;
  #isHeld = false;
  #awaitsTurn = false;
  #awaitsHandling = false;
  #isAdvancing = false;
  #turnNumber = -1;
  #framesInTurn = 0;
  #bytesInTurn = 0;
  #discardedBytes = 0;
  /** Monotonic ms of when the unfinished message began; undefined while there is none. */
  #begunMs: number | undefined;

  constructor(socket: Duplex, webSocket: WebSocket, connection: GatedConnection, parts: GateParts) {
    this.#socket = socket;
    this.#webSocket = webSocket;
    this.#connection = connection;
    this.#parts = parts;
    this.#account = new InputAccount(parts.budget, connection.opening.address);
    const [deliver, ...others] = socket.listeners("data") as ((chunk: Buffer) => void)[];
    if (deliver === undefined || others.length > 0)
      throw new TypeError("ws must read its socket through exactly one data listener");
    this.#deliver = deliver;
    // In this order: an emitter without any listener for an event costs a kilobyte from then on.
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    socket.off("data", deliver);
    // In front of the library's listener, which would hand over all that is left in one go.
    socket.prependListener("close", () => this.#ended());
  }

  /** True if the peer sends so much after the close that nothing is read any more. */
  get isStuck(): boolean {
    return this.#discardedBytes > maxDiscardedBytes;
  }

  /** True if the peer has begun a message and sends the rest too slowly. */
  isStalled(nowMs: number, idleTimeoutMs: number): boolean {
    if (this.#begunMs === undefined || this.#isHeld || this.#mode !== "reads") return false;
    const allowedMs = idleTimeoutMs + this.#scanner.receivedBytes / slowestBytesPerMs;
    return nowMs - this.#begunMs > allowedMs;
  }

  /** Nothing is read until `resume`, unless the end has come. */
  pause(): void {
    if (this.#mode !== "reads") return;
    this.#isHeld = true;
    this.#webSocket.pause();
  }

  resume(): void {
    this.#isHeld = false;
    if (this.#begunMs !== undefined) this.#begunMs = this.#parts.clock.monotonic();
    this.#goOn();
  }

  /**
   * The server has closed (`awaitsClose`: the peer has yet to answer), or the peer has, or it broke
   * the protocol. What it still sends is discarded: 256 KiB, then the socket is paused for good.
   */
  end(awaitsClose: boolean): void {
    if (this.#mode !== "reads") return;
    this.#mode = awaitsClose ? "awaits-close" : "discards";
    this.#isHeld = false;
    this.#begunMs = undefined;
    if (!this.#isAdvancing) this.#discardRest();
    if (!this.isStuck) this.#webSocket.resume();
  }

  /** Called by the turn. */
  flush(): void {
    this.#awaitsTurn = false;
    this.#goOn();
  }

  #take(chunk: Buffer): void {
    this.#append(chunk);
    this.#goOn();
  }

  /** There is a rest only if the library has resumed the socket on its own. */
  #append(chunk: Buffer): void {
    this.#rest =
      this.#rest === undefined ? chunk : Buffer.concat([this.#rest.subarray(this.#at), chunk]);
    this.#at = 0;
  }

  /** Goes on with the rest, and then with the socket, unless there is something to wait for. */
  #goOn(): void {
    if (this.#mode !== "reads") {
      this.#discardRest();
      return;
    }
    if (this.#isHeld || this.#awaitsTurn || this.#awaitsHandling || this.#isAdvancing) return;
    this.#isAdvancing = true;
    this.#advance();
    this.#isAdvancing = false;
    if (this.#mode === "reads") this.#settle();
    if (this.#mode !== "reads") this.#discardRest();
    else if (this.#isHeld || this.#awaitsTurn || this.#awaitsHandling) this.#webSocket.pause();
    else if (this.#webSocket.isPaused) this.#webSocket.resume();
  }

  /** Hands over what may be handed over in this turn. */
  #advance(): void {
    const { turn } = this.#parts;
    if (this.#turnNumber !== turn.number) {
      this.#turnNumber = turn.number;
      this.#framesInTurn = 0;
      this.#bytesInTurn = 0;
    }
    while (this.#rest !== undefined) {
      const isLarge = this.#handOver(this.#rest, framesPerTurn);
      if (this.#mode !== "reads") return;
      if (isLarge) this.#askForLarge();
      if (this.#framesInTurn >= framesPerTurn || this.#bytesInTurn >= bytesPerTurn) {
        this.#awaitsTurn = true;
        turn.defer(this);
      }
      if (this.#isHeld || this.#awaitsTurn || this.#awaitsHandling) return;
    }
  }

  /**
   * Hands over the rest until `maxFrames` of this turn are complete. Returns true if it stopped
   * behind a header that announces more than a client may send that has not authenticated.
   */
  #handOver(chunk: Buffer, maxFrames: number): boolean {
    const scanner = this.#scanner;
    const from = this.#at;
    let at = from;
    let isLarge = false;
    const framesBefore = this.#framesInTurn;
    const wasInPayload = scanner.isInPayload;
    do {
      at = scanner.scan(chunk, at);
      if (scanner.stop === "frame") {
        this.#framesInTurn++;
        if (scanner.heldBytes === 0) this.#begunMs = undefined;
      } else isLarge = scanner.stop === "head" && this.#isTooLarge();
    } while (at < chunk.length && this.#framesInTurn < maxFrames && !isLarge);
    this.#bytesInTurn += at - from;
    this.#at = at;
    const part = from === 0 && at === chunk.length ? chunk : chunk.subarray(from, at);
    const before = this.#gatherer.heldBytes;
    // Headers are not held back: the library rejects a bad one at once.
    const isPayload = wasInPayload && at === chunk.length && this.#framesInTurn === framesBefore;
    const isGathered = isPayload && this.#gatherer.gather(part);
    if (at === chunk.length) {
      this.#rest = undefined;
      if (isGathered) scanner.endChunk(chunk.length, this.#gatherer.heldBytes - before);
      else scanner.endChunk(chunk.length);
    }
    if (isGathered) return isLarge;
    const gathered = this.#gatherer.take();
    if (gathered !== undefined) this.#deliver.call(this.#socket, gathered);
    this.#deliver.call(this.#socket, part);
    return isLarge;
  }

  #isTooLarge(): boolean {
    return (
      this.#scanner.announcedBytes > this.#parts.maxUnauthenticatedBytes &&
      this.#connection.principal === undefined
    );
  }

  /** A message before this one may still authenticate the client: decides when they are handled. */
  #askForLarge(): void {
    this.#awaitsHandling = true;
    this.#connection.handOver(() => {
      this.#awaitsHandling = false;
      if (this.#isTooLarge()) {
        this.#connection.close(
          "tooLarge",
          `more than ${this.#parts.maxUnauthenticatedBytes} bytes before authentication ` +
            "(limits.maxUnauthenticatedBytes)",
        );
      } else this.#goOn();
    });
  }

  /** Accounts for what is held now. */
  #settle(): void {
    const unfinishedBytes = this.#scanner.heldBytes;
    if (unfinishedBytes === 0) this.#begunMs = undefined;
    else {
      this.#begunMs ??= this.#parts.clock.monotonic();
      this.#connection.heard();
    }
    const limit = this.#account.hold(
      unfinishedBytes +
        (this.#rest?.length ?? 0) +
        (this.#isHeld ? this.#connection.waitingBytes : 0),
    );
    if (limit === undefined) return;
    this.#connection.close(
      "overCapacity",
      `too many bytes of unfinished messages are held (limits.${limit}): come back later`,
    );
  }

  #discardRest(): void {
    const chunk = this.#rest;
    if (chunk === undefined) return;
    const from = this.#at;
    this.#rest = undefined;
    this.#at = 0;
    this.#discardedBytes += chunk.length - from;
    if (this.#mode === "awaits-close" && this.#scanner.findsClose(chunk, from)) {
      this.#mode = "discards";
      this.#socket.end();
    }
    if (this.isStuck) this.#webSocket.pause();
  }

  /** TCP has ended: what arrived before still counts, as far as it is little. */
  #ended(): void {
    const unread = this.#socket.read() as Buffer | null;
    if (unread !== null) this.#append(unread);
    if (this.#mode === "reads" && this.#rest !== undefined) {
      this.#framesInTurn = 0;
      this.#isAdvancing = true;
      this.#handOver(this.#rest, lastFrames);
    }
    this.#mode = "discards";
    this.#rest = undefined;
    this.#begunMs = undefined;
    this.#account.hold(0);
  }
}
