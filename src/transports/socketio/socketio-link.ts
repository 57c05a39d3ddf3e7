/** One Engine.IO connection as the kit's link, from its handshake to its end. */
import type { Socket as EngineSocket } from "engine.io";
import type { Socket } from "socket.io";
import type { Clock, Timer } from "../../kit/clock.ts";
import type { Connection } from "../../kit/connection.ts";
import type { Encoded } from "../../kit/encoded.ts";
import type { Link } from "../../kit/link.ts";
import {
  boundPollingGoodbye,
  endNow,
  forgetRequest,
  sendPing,
  webSocketOf,
} from "./engine-internals.ts";

/** What cannot leave over a WebSocket by then never will. */
const closeGraceMs = 1000;

/** A polling client has to ask for its goodbye, once or twice. */
const pollingGraceMs = 5000;

/** A polling client counts as keeping up while no more than this waits for its next poll. */
const pollingSlackBytes = 64 * 1024;

/** What a waiting packet costs beside its text. */
const packetOverheadBytes = 64;

/** What a link is made of. */
export interface LinkParts {
  readonly clock: Clock;
  readonly maxQueueBytes: number;
  readonly pingIntervalMs: number;
  /** The connection has gone, TCP included. Called once. */
  readonly gone: (link: SocketIoLink) => void;
}

interface EnginePacket {
  readonly type: string;
  readonly data?: string | Uint8Array;
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
 */
export class SocketIoLink implements Link {
  readonly #engineSocket: EngineSocket;
  readonly #parts: LinkParts;
  #socket: Socket | undefined;
  #connection: Connection | undefined;
  /** In the engine's buffer: all of it, and what was not written by us. */
  #waitingBytes = 0;
  #libraryBytes = 0;
  #writing = false;
  /** Of messages whose events have not been passed on yet. */
  #receivedBytes = 0;
  #closeTimer: Timer | undefined;
  #probes: Set<(alive: boolean) => void> | undefined;

  constructor(engineSocket: EngineSocket, parts: LinkParts) {
    this.#engineSocket = engineSocket;
    this.#parts = parts;
    boundPollingGoodbye(engineSocket, pollingGraceMs);
    engineSocket.on("packet", this.#heard);
    engineSocket.on("packetCreate", this.#created);
    engineSocket.on("drain", this.#drained);
    engineSocket.once("close", this.#closed);
  }

  /** The connection of the kit that it now belongs to; undefined before. */
  get connection(): Connection | undefined {
    return this.#connection;
  }

  /** The client has joined the namespace. */
  join(socket: Socket, connection: Connection): void {
    this.#socket = socket;
    this.#connection = connection;
    forgetRequest(this.#engineSocket);
    socket.onAny(this.#event);
    socket.once("disconnect", this.#left);
  }

  get unsentBytes(): number {
    const slack =
      this.#engineSocket.transport.name === "polling"
        ? Math.min(pollingSlackBytes, this.#parts.maxQueueBytes)
        : 0;
    return this.#waitingBytes > slack ? this.#waitingBytes : 0;
  }

  write(messages: readonly Encoded[]): void {
    if (this.#engineSocket.readyState !== "open") return;
    let bytes = 0;
    this.#writing = true;
    for (const message of messages) {
      const packet = `2[${JSON.stringify(message.name)},${message.text}]`;
      bytes += packet.length;
      this.#engineSocket.write(packet);
    }
    this.#writing = false;
    this.#connection?.wrote(messages, bytes);
  }

  close(): void {
    const polling = this.#engineSocket.transport.name === "polling";
    this.#closeTimer = this.#parts.clock.after(
      polling ? pollingGraceMs : closeGraceMs,
      this.#giveUp,
    );
    this.#socket?.disconnect(true);
  }

  destroy(): void {
    endNow(this.#engineSocket);
  }

  /**
   * Engine.IO 4: pings, and waits for anything at all. Engine.IO 3 clients are not asked: they ping by themselves, and count as
   * alive if they were heard within one interval.
   */
  probe(timeoutMs: number): Promise<boolean> {
    const { clock, pingIntervalMs } = this.#parts;
    if (this.#engineSocket.readyState !== "open") return Promise.resolve(false);
    if (this.#engineSocket.protocol === 3) {
      const silentMs = clock.monotonic() - (this.#connection?.lastHeardMs ?? 0);
      return Promise.resolve(silentMs <= pingIntervalMs + timeoutMs);
    }
    return new Promise((resolve) => {
      const answer = (alive: boolean) => {
        timer.cancel();
        this.#probes?.delete(answer);
        resolve(alive);
      };
      const timer = clock.after(timeoutMs, () => answer(false));
      this.#probes ??= new Set();
      this.#probes.add(answer);
      sendPing(this.#engineSocket);
    });
  }

  readonly #heard = ({ type, data }: EnginePacket): void => {
    this.#connection?.heard();
    this.#answerProbes(true);
    if (type !== "message" || data === undefined) return;
    this.#receivedBytes += data.length;
    if (typeof data !== "string") this.#connection?.receiveBinary();
  };

  readonly #event = (name: unknown, ...args: unknown[]): void => {
    const bytes = this.#receivedBytes;
    this.#receivedBytes = 0;
    // The library appends the function that acknowledges, if that was asked for.
    const last = args.at(-1);
    const acknowledge = typeof last === "function" ? () => last() : undefined;
    const payload = acknowledge !== undefined && args.length === 1 ? undefined : args[0];
    // Behind what the handler has sent, which leaves at the end of the turn.
    const done = acknowledge && (() => void setImmediate(acknowledge));
    this.#connection?.receiveEvent(String(name), payload, bytes, done);
  };

  /** Events that arrived together with the end are only being passed on: they come first. */
  readonly #left = (reason: string): void => {
    process.nextTick(() => {
      const byClient = reason === "client namespace disconnect";
      this.#connection?.peerClosed(byClient ? 1000 : 1006, reason);
      // There is nothing else here that it could still be connected to.
      if (byClient) this.#engineSocket.close();
    });
  };

  readonly #created = ({ data }: EnginePacket): void => {
    const bytes = data?.length ?? 0;
    this.#waitingBytes += bytes;
    if (this.#writing) return;
    this.#libraryBytes += bytes + packetOverheadBytes;
    if (this.#libraryBytes <= this.#parts.maxQueueBytes) return;
    if (this.#connection === undefined) endNow(this.#engineSocket);
    else this.#connection.close("tooSlow", "too slow: answers to its own packets were waiting");
  };

  readonly #drained = (): void => {
    this.#waitingBytes = 0;
    this.#libraryBytes = 0;
    this.#connection?.drained();
  };

  /** The engine has closed it; a WebSocket may still have to take what was written before, and its close frame. */
  readonly #closed = (): void => {
    this.#waitingBytes = 0;
    this.#answerProbes(false);
    const webSocket = webSocketOf(this.#engineSocket);
    if (webSocket === undefined || webSocket.readyState === webSocket.CLOSED) {
      this.#gone();
    } else {
      webSocket.once("close", this.#gone);
      this.#closeTimer ??= this.#parts.clock.after(closeGraceMs, this.#giveUp);
    }
  };

  readonly #giveUp = (): void => {
    const webSocket = webSocketOf(this.#engineSocket);
    if (
      this.#engineSocket.readyState !== "closed" ||
      (webSocket !== undefined && webSocket.bufferedAmount > 0)
    )
      this.destroy();
  };

  readonly #gone = (): void => {
    this.#closeTimer?.cancel();
    this.#parts.gone(this);
  };

  #answerProbes(alive: boolean): void {
    for (const answer of this.#probes ?? []) answer(alive);
  }
}
