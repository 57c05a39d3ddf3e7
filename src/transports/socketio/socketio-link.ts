/** One Engine.IO connection as the kit's link, from its handshake to its end. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket as EngineSocket } from "engine.io";
import type { Socket } from "socket.io";
import type { Limits } from "../../contract/index.ts";
import type { ByteBudget } from "../../kit/byte-budget.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Connection } from "../../kit/connection.ts";
import type { Place } from "../../kit/connections.ts";
import type { Encoded } from "../../kit/encoded.ts";
import { guarded } from "../../kit/guard.ts";
import type { Link } from "../../kit/link.ts";
import type { CloseName } from "../../wire/close-codes.ts";
import { isSwitchboardError } from "../../wire/error.ts";
import { EngineBacklog } from "./engine-backlog.ts";
import {
  boundPollingGoodbye,
  endNow,
  forgetRequest,
  sendPing,
  webSocketOf,
} from "./engine-internals.ts";
import { Farewell, pollingGraceMs } from "./farewell.ts";
import type { EnginePacket } from "./payload-reader.ts";
import { Probes } from "./probes.ts";
import { SessionInput } from "./session-input.ts";

/** One that has not joined has nothing to lose. */
const unjoinedGraceMs = 250;

/** A polling client counts as keeping up while no more than this waits for its next poll. */
const pollingSlackBytes = 64 * 1024;

/** First characters of Socket.IO packets. */
const eventType = 0x32;
const disconnectType = 0x31;
const binaryTypes: ReadonlySet<number> = new Set([0x35, 0x36]);

/** What a link is made of. */
export interface LinkParts {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly budget: Pick<ByteBudget, "reserve" | "release">;
  /** What the client takes up until its connection is counted. */
  readonly place: Place | undefined;
  /** The connection has gone, TCP included. Called once. */
  readonly gone: (link: SocketIoLink) => void;
  /** Something threw that a library has called: the link is to be ended. */
  readonly fault: (link: SocketIoLink, error: unknown) => void;
}

/**
 * Messages are written as Socket.IO packets by the engine, without the library's `emit`: that would print a message anew for each of
 * its receivers.
 *
 * The engine hands one batch at a time to the transport and keeps what comes meanwhile. What it keeps is what `unsentBytes` counts.
 * While a polling client is between two polls, that is normal: up to 64 KiB then count as nothing, so that small messages go out
 * with the next poll and not one a poll.
 *
 * What the library sends by itself (acknowledgements, pongs, refusals) does not pass the kit's queue; it is bounded here, by the same
 * `maxQueueBytes`.
 *
 * Everything that a library calls here is guarded: what it throws ends this client and nobody else.
 */
export class SocketIoLink implements Link {
  readonly input: SessionInput;
  readonly #engineSocket: EngineSocket;
  readonly #parts: LinkParts;
  readonly #backlog = new EngineBacklog();
  readonly #probes: Probes;
  readonly #farewell: Farewell;
  #socket: Socket | undefined;
  #connection: Connection | undefined;
  /** Of messages whose events have not been passed on yet. */
  #receivedBytes = 0;
  #isAuthenticated = false;

  constructor(engineSocket: EngineSocket, parts: LinkParts) {
    this.#engineSocket = engineSocket;
    this.#parts = parts;
    this.#probes = new Probes(parts.clock);
    this.#farewell = new Farewell(engineSocket, parts.clock, this.#fault);
    this.input = new SessionInput(engineSocket, {
      limits: parts.limits,
      budget: parts.budget,
      fault: this.#fault,
      refuse: (close, reason) => this.#refuse(close, reason),
      binary: () => this.#binary(),
    });
    boundPollingGoodbye(engineSocket, unjoinedGraceMs);
    engineSocket.on("packet", this.#guarded(this.#heard));
    engineSocket.on("packetCreate", this.#guarded(this.#created));
    engineSocket.on("drain", this.#guarded(this.#drained));
    engineSocket.on("upgrading", this.#guarded(this.input.probed));
    engineSocket.on("upgrade", this.#guarded(this.input.upgraded));
    engineSocket.once("close", this.#guarded(this.#closed));
  }

  /** The connection of the kit that it now belongs to; undefined before. */
  get connection(): Connection | undefined {
    return this.#connection;
  }

  /** True while a WebSocket may be opened for it: it polls, and is not just changing to one. */
  get mayUpgrade(): boolean {
    const { transport, upgrading, upgraded } = this.#engineSocket;
    return transport.name === "polling" && !upgrading && !upgraded;
  }

  /** The client's connection is about to be counted in the place of its handshake. */
  leavePlace(): void {
    this.#parts.place?.release();
  }

  /** The client has joined the namespace. */
  join(socket: Socket, connection: Connection): void {
    this.#socket = socket;
    this.#connection = connection;
    boundPollingGoodbye(this.#engineSocket, pollingGraceMs);
    this.#raiseLimits();
    forgetRequest(this.#engineSocket);
    socket.onAny(this.#guarded(this.#event));
    socket.on("error", this.#guarded(this.#failed));
    socket.once("disconnect", this.#guarded(this.#left));
  }

  get unsentBytes(): number {
    const slack =
      this.#engineSocket.transport.name === "polling"
        ? Math.min(pollingSlackBytes, this.#parts.limits.maxQueueBytes)
        : 0;
    return this.#backlog.bytes > slack ? this.#backlog.bytes : 0;
  }

  write(messages: readonly Encoded[]): void {
    if (this.#engineSocket.readyState !== "open") return;
    let bytes = 0;
    this.#backlog.isOurs = true;
    try {
      for (const message of messages) {
        const packet = `2[${JSON.stringify(message.name)},${message.text}]`;
        bytes += packet.length;
        this.#engineSocket.write(packet);
      }
      this.#connection?.wrote(messages, bytes);
    } catch (error) {
      this.#fault(error);
    } finally {
      this.#backlog.isOurs = false;
    }
  }

  close(code: number): void {
    this.#farewell.begin(code);
    guarded(() => {
      this.#socket?.disconnect(true);
      this.input.stop();
    }, this.#fault)();
  }

  destroy(): void {
    endNow(this.#engineSocket);
  }

  pause(): void {
    this.input.pause();
  }

  resume(): void {
    this.input.resume();
  }

  /**
   * Engine.IO 4: pings, and waits for anything at all. Engine.IO 3 clients are not asked: they ping by themselves, and count as
   * alive if they were heard within one interval. A client that is not read from counts as alive.
   */
  probe(timeoutMs: number): Promise<boolean> {
    const { clock, limits } = this.#parts;
    if (this.#engineSocket.readyState !== "open") return Promise.resolve(false);
    if (this.input.isPaused) return Promise.resolve(true);
    if (this.#engineSocket.protocol === 3) {
      const silentMs = clock.monotonic() - (this.#connection?.lastHeardMs ?? 0);
      return Promise.resolve(silentMs <= limits.pingIntervalMs + timeoutMs);
    }
    const answer = this.#probes.ask(timeoutMs);
    sendPing(this.#engineSocket);
    return answer;
  }

  /** A poll of this session; `proceed` has the library take it. */
  poll(request: IncomingMessage, response: ServerResponse, proceed: () => void): void {
    this.input.poll(request, response, this.#guarded(proceed));
  }

  readonly #heard = ({ type, data }: EnginePacket): void => {
    const connection = this.#connection;
    if (type === "message") this.#receivedBytes += data?.length ?? 0;
    if (connection === undefined) {
      if (!this.input.admitsBeforeJoining()) endNow(this.#engineSocket);
      return;
    }
    connection.heard();
    this.#probes.answer(true);
    this.#raiseLimits();
    if (type !== "message" || data === undefined) return;
    if (typeof data !== "string") {
      connection.receiveBinary();
      return;
    }
    const kind = data.charCodeAt(0);
    if (binaryTypes.has(kind)) connection.receiveBinary();
    // What is no event is bounded by the same rate, but for the goodbye.
    else if (kind !== eventType && kind !== disconnectType) connection.receiveSignOfLife();
  };

  readonly #event = (name: unknown, ...args: unknown[]): void => {
    const bytes = this.#receivedBytes;
    this.#receivedBytes = 0;
    // The library appends the function that acknowledges, if that was asked for.
    const last = args.at(-1);
    const acknowledge = typeof last === "function" ? this.#guarded(() => last()) : undefined;
    const payload = acknowledge !== undefined && args.length === 1 ? undefined : args[0];
    // Behind what the handler has sent, which leaves at the end of the turn.
    const done = acknowledge && (() => void setImmediate(acknowledge));
    this.#connection?.receiveEvent(String(name), payload, bytes, done);
  };

  /** The decoder has refused a packet, and the library is about to close. A client's own `error` comes here too. */
  readonly #failed = (error: unknown): void => {
    if (isSwitchboardError(error, "too_large")) this.#connection?.close("tooLarge", error.message);
  };

  /** Events that arrived together with the end are only being passed on: they come first. */
  readonly #left = (reason: string): void => {
    process.nextTick(
      this.#guarded(() => {
        const byClient = reason === "client namespace disconnect";
        this.#connection?.peerClosed(byClient ? 1000 : 1006, reason);
        // There is nothing else here that it could still be connected to.
        if (byClient) this.#engineSocket.close();
      }),
    );
  };

  readonly #created = ({ data }: EnginePacket): void => {
    this.#backlog.add(data?.length ?? 0);
    if (this.#backlog.libraryBytes > this.#parts.limits.maxQueueBytes)
      this.#refuse("tooSlow", "too slow: answers to its own packets were waiting");
  };

  readonly #drained = (): void => {
    this.#backlog.clear();
    this.#connection?.drained();
  };

  /** The engine has closed it; a WebSocket may still have to take what was written before, and its close frame. */
  readonly #closed = (): void => {
    this.#backlog.clear();
    this.#probes.answer(false);
    this.input.stop();
    const webSocket = webSocketOf(this.#engineSocket.transport);
    if (webSocket === undefined || webSocket.readyState === webSocket.CLOSED) {
      this.#gone();
    } else {
      webSocket.once("close", this.#guarded(this.#gone));
      this.#farewell.beginIfNone();
    }
  };

  readonly #gone = (): void => {
    this.#farewell.cancel();
    this.leavePlace();
    this.#parts.gone(this);
  };

  readonly #fault = (error: unknown): void => this.#parts.fault(this, error);

  #guarded<Args extends readonly unknown[]>(run: (...args: Args) => void): (...args: Args) => void {
    return guarded(run, this.#fault);
  }

  #refuse(close: CloseName, reason: string): void {
    if (this.#connection === undefined) endNow(this.#engineSocket);
    else this.#connection.close(close, reason);
  }

  #binary(): void {
    if (this.#connection === undefined) endNow(this.#engineSocket);
    else this.#connection.receiveBinary();
  }

  /** A protocol may authenticate by message, long after it has joined. */
  #raiseLimits(): void {
    if (this.#isAuthenticated || this.#connection?.principal === undefined) return;
    this.#isAuthenticated = true;
    this.input.authenticated();
  }
}
