/** A WebSocket client by hand, on a bare TCP socket: sends what no library would, and can stop reading. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { Inbox, within } from "./inbox.ts";
import type { Scope } from "./scope.ts";

/** A frame that came from the server. */
export interface RawFrame {
  readonly opcode: number;
  readonly payload: Buffer;
}

export interface FrameOptions {
  /** Clients must mask. Default true. */
  readonly masked?: boolean;
  /** Last frame of its message. Default true. */
  readonly fin?: boolean;
}

export const opcodes = {
  continuation: 0,
  text: 1,
  binary: 2,
  close: 8,
  ping: 9,
  pong: 10,
} as const;

/** The bytes of one frame as a client sends it. */
export function encodeFrame(
  opcode: number,
  payload: Buffer | string,
  { masked = true, fin = true }: FrameOptions = {},
): Buffer {
  const bytes = Buffer.from(payload);
  const lengthBytes = bytes.length < 126 ? 0 : bytes.length < 65_536 ? 2 : 8;
  const head = Buffer.alloc(2 + lengthBytes);
  head[0] = (fin ? 0x80 : 0) | opcode;
  head[1] =
    (masked ? 0x80 : 0) | (lengthBytes === 0 ? bytes.length : lengthBytes === 2 ? 126 : 127);
  if (lengthBytes === 2) head.writeUInt16BE(bytes.length, 2);
  if (lengthBytes === 8) head.writeBigUInt64BE(BigInt(bytes.length), 2);
  if (!masked) return Buffer.concat([head, bytes]);
  const mask = randomBytes(4);
  return Buffer.concat([head, mask, bytes.map((byte, at) => byte ^ (mask[at % 4] ?? 0))]);
}

export class RawWebSocket {
  readonly #socket: Socket;
  #buffer = Buffer.alloc(0);
  readonly #ended: Promise<void>;
  /** Frames from the server, control frames too. Pings are not answered. */
  readonly frames = new Inbox<RawFrame>("raw frame");

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => {
      this.#buffer = Buffer.concat([this.#buffer, chunk]);
      for (let frame = this.#take(); frame !== undefined; frame = this.#take())
        this.frames.push(frame);
    });
    this.#ended = new Promise((resolve) => {
      socket.on("close", () => {
        this.frames.end("the TCP connection has ended");
        resolve();
      });
    });
  }

  /** Does the handshake; the socket is destroyed with the scope. */
  static async open(scope: Scope, url: string): Promise<RawWebSocket> {
    const { hostname, port, pathname, search } = new URL(url);
    const socket = scope.own(connect(Number(port), hostname), (opened) => opened.destroy());
    // A socket that the server destroys while we write gives an error; `ended` tells of it.
    socket.on("error", () => {});
    await within(once(socket, "connect"), `connecting to ${url}`);
    const key = randomBytes(16).toString("base64");
    socket.write(
      `GET ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    );
    let answer = Buffer.alloc(0);
    while (!answer.includes("\r\n\r\n")) {
      const [chunk] = await within(once(socket, "data"), `upgrade of ${url}`);
      answer = Buffer.concat([answer, chunk]);
    }
    const head = answer.indexOf("\r\n\r\n") + 4;
    const status = answer.subarray(0, head).toString();
    if (!status.startsWith("HTTP/1.1 101"))
      throw new Error(`${url} answered the upgrade with ${status}`);
    const opened = new RawWebSocket(socket);
    if (answer.length > head) socket.unshift(answer.subarray(head));
    return opened;
  }

  /** Sends one frame; resolves when the system has taken it. */
  async send(opcode: number, payload: Buffer | string, options?: FrameOptions): Promise<void> {
    await this.write(encodeFrame(opcode, payload, options));
  }

  async text(message: unknown): Promise<void> {
    await this.send(opcodes.text, typeof message === "string" ? message : JSON.stringify(message));
  }

  /** Sends bytes as they are. A connection that is gone is no error: `ended` tells of it. */
  async write(bytes: Buffer): Promise<void> {
    if (this.#socket.destroyed) return;
    await new Promise<void>((resolve) => this.#socket.write(bytes, () => resolve()));
  }

  /** From now on nothing is read from the network; what the server sends fills the system's buffers. */
  stopReading(): void {
    this.#socket.pause();
  }

  readAgain(): void {
    this.#socket.resume();
  }

  /** Reads on until the server's close frame and returns its code; 1005 if it carries none. */
  async closeCode(deadlineMs?: number): Promise<number> {
    const { payload } = await this.frames.until(
      ({ opcode }) => opcode === opcodes.close,
      deadlineMs,
    );
    return payload.length < 2 ? 1005 : payload.readUInt16BE(0);
  }

  /** Resolves when the TCP connection is gone. */
  async ended(deadlineMs?: number): Promise<void> {
    await within(this.#ended, "end of the TCP connection", deadlineMs);
  }

  #take(): RawFrame | undefined {
    const short = (this.#buffer[1] ?? 0) & 0x7f;
    const head = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (this.#buffer.length < head) return undefined;
    const length =
      short < 126
        ? short
        : short === 126
          ? this.#buffer.readUInt16BE(2)
          : Number(this.#buffer.readBigUInt64BE(2));
    if (this.#buffer.length < head + length) return undefined;
    const frame = {
      opcode: (this.#buffer[0] ?? 0) & 0x0f,
      payload: this.#buffer.subarray(head, head + length),
    };
    this.#buffer = this.#buffer.subarray(head + length);
    return frame;
  }
}
