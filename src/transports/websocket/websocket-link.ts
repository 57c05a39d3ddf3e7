/** One WebSocket as the kit's link: `ws` reads, the frames of our messages go straight to the socket, in one write. */
import type { Duplex } from "node:stream";
import type { Clock } from "../../kit/clock.ts";
import type { Connection } from "../../kit/connection.ts";
import type { Encoded } from "../../kit/encoded.ts";
import type { Link } from "../../kit/link.ts";
import { FrameGate, type GateParts } from "./frame-gate.ts";
import type { FrameJoiner } from "./frame-joiner.ts";
import type { ServedWebSocket } from "./served-websocket.ts";
import { encodeTextFrame } from "./text-frame.ts";

/** RFC 6455 §5.5: a control frame holds 125 bytes, two of them the code. */
const maxReasonBytes = 123;

/** A client that cannot ping sends this instead, and gets it back. */
const heartbeatFrame = encodeTextFrame("");

/**
 * `ws` writes pings, pongs and close frames. Both sides write whole frames, so they cannot be mixed up; nothing of ours is
 * written after a close frame, since the kit's outbox has ended by then. Whatever the socket holds unsent calls `#written` when it has
 * left, or an outbox that began to wait behind a ping would wait for ever.
 */
export class WebSocketLink implements Link {
  readonly #socket: Duplex;
  readonly #webSocket: ServedWebSocket;
  readonly #joiner: FrameJoiner;
  readonly #clock: Clock;
  #connection: Connection | undefined;
  #gate: FrameGate | undefined;
  /** A ping of ours that the peer has not answered: its pong is not counted against its rate. */
  #awaitsPong = false;
  /** The newest ping that the peer, being behind, has had no answer to; RFC 6455 §5.5.3 asks for no more than that one. */
  #unanswered: Buffer | undefined;
  #heartbeats = false;
  /** A heartbeat that the peer, being behind, has had no answer to; one answer is enough for all before it. */
  #owesHeartbeat = false;

  constructor(webSocket: ServedWebSocket, socket: Duplex, joiner: FrameJoiner, clock: Clock) {
    this.#webSocket = webSocket;
    this.#socket = socket;
    this.#joiner = joiner;
    this.#clock = clock;
  }

  /**
   * Passes everything that happens on the socket to the connection, `gone` included. Must be called
   * in the turn in which `ws` took the socket over, before anything is read.
   */
  attach(connection: Connection, gate: GateParts, gone: () => void): void {
    this.#connection = connection;
    const webSocket = this.#webSocket;
    this.#gate = new FrameGate(this.#socket, webSocket, connection, gate);
    webSocket.listener = {
      peerClosing: (code, reason) => {
        this.#gate?.end(false);
        connection.peerClosed(code, reason);
      },
    };
    webSocket.on("message", (data: Buffer, isBinary: boolean) => {
      if (isBinary) connection.receiveBinary();
      else if (this.#heartbeats && data.byteLength === 0) this.#answerHeartbeat(connection);
      else connection.receiveText(data.toString("utf8"), data.byteLength);
    });
    webSocket.on("pong", () => {
      if (this.#awaitsPong) connection.heard();
      else connection.receiveSignOfLife();
      this.#awaitsPong = false;
    });
    webSocket.on("ping", (data: Buffer) => {
      if (!connection.receiveSignOfLife()) return;
      if (this.#socket.writableLength === 0) this.#pong(data);
      else this.#unanswered = Buffer.from(data);
    });
    // After a frame that broke the protocol the library has closed with the code that fits.
    webSocket.on("error", () => this.#gate?.end(false));
    webSocket.on("close", (code: number, reason: Buffer) => {
      connection.peerClosed(code, reason.toString());
      gone();
    });
    // The answer to the upgrade, where it has not left at once.
    if (this.#socket.writableLength > 0) this.#socket.write("", this.#written);
  }

  /**
   * From now on an empty text frame is no message but a heartbeat, and is answered with one: for clients that cannot ping and have asked
   * for it. The first one, unasked, tells the client that this server does so.
   */
  startHeartbeats(): void {
    this.#heartbeats = true;
    this.#writeHeartbeat();
  }

  get unsentBytes(): number {
    return this.#socket.writableLength;
  }

  write(messages: readonly Encoded[]): void {
    if (!this.#socket.writable) return;
    for (const message of messages) message.frame ??= encodeTextFrame(message.text);
    const first = messages[0];
    if (first?.frame === undefined) return;
    const bytes = messages.length === 1 ? first.frame : this.#joiner.join(messages);
    this.#socket.write(bytes, this.#written);
    this.#connection?.wrote(messages, bytes.byteLength);
  }

  close(code: number, reason: string): void {
    this.#webSocket.closeByServer(code, closeReason(reason));
    this.#gate?.end(true);
  }

  destroy(): void {
    this.#webSocket.terminate();
  }

  pause(): void {
    this.#gate?.pause();
  }

  resume(): void {
    this.#gate?.resume();
  }

  isStalled(nowMs: number, idleTimeoutMs: number): boolean {
    return this.#gate?.isStalled(nowMs, idleTimeoutMs) === true;
  }

  get isStuck(): boolean {
    return this.#socket.writableLength > 0 || this.#gate?.isStuck === true;
  }

  ping(): void {
    if (this.#webSocket.readyState !== this.#webSocket.OPEN) return;
    this.#awaitsPong = true;
    this.#webSocket.ping(undefined, false, this.#written);
  }

  probe(timeoutMs: number): Promise<boolean> {
    const webSocket = this.#webSocket;
    return new Promise((resolve) => {
      const events = ["message", "pong", "ping"] as const;
      const end = (alive: boolean) => {
        timer.cancel();
        for (const event of events) webSocket.off(event, heard);
        webSocket.off("close", closed);
        resolve(alive);
      };
      const heard = () => end(true);
      const closed = () => end(false);
      const timer = this.#clock.after(timeoutMs, closed);
      for (const event of events) webSocket.on(event, heard);
      webSocket.on("close", closed);
      this.ping();
    });
  }

  #pong(data: Buffer): void {
    if (this.#webSocket.readyState === this.#webSocket.OPEN)
      this.#webSocket.pong(data, false, this.#written);
  }

  #answerHeartbeat(connection: Connection): void {
    if (!connection.receiveSignOfLife()) return;
    if (this.#socket.writableLength === 0) this.#writeHeartbeat();
    else this.#owesHeartbeat = true;
  }

  #writeHeartbeat(): void {
    // Nothing behind a close frame.
    if (this.#webSocket.readyState === this.#webSocket.OPEN && this.#socket.writable)
      this.#socket.write(heartbeatFrame, this.#written);
  }

  readonly #written = (): void => {
    if (this.#socket.writableLength > 0) return;
    const ping = this.#unanswered;
    this.#unanswered = undefined;
    if (ping !== undefined) this.#pong(ping);
    const owesHeartbeat = this.#owesHeartbeat;
    this.#owesHeartbeat = false;
    if (owesHeartbeat) this.#writeHeartbeat();
    this.#connection?.drained();
  };
}

/** A reason cut to what a close frame holds, at a character's border. */
function closeReason(reason: string): string {
  if (Buffer.byteLength(reason) <= maxReasonBytes) return reason;
  return new TextDecoder().decode(Buffer.from(reason).subarray(0, maxReasonBytes), {
    stream: true,
  });
}
