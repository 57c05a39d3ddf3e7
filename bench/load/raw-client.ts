/** A WebSocket client on a bare socket: the handshake, then frames. Reads into one shared buffer, so that a read costs next to nothing. */
import { createHash, randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { type FrameListener, FrameReader } from "./frames.ts";

export interface RawClientOptions {
  readonly port: number;
  readonly path: string;
  /** The handshake succeeded. Frames may be written from now on. */
  readonly opened: () => void;
  readonly frame: FrameListener;
  /** Called once, when the connection is no more, with the reason. Not after `destroy`. */
  readonly lost: (reason: string) => void;
}

/** What a browser sends beside the handshake proper, because some servers keep it for as long as the connection lasts. */
const browserHeaders = [
  "Origin: http://127.0.0.1",
  "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
  "Accept-Language: en-US,en;q=0.9",
  "Accept-Encoding: gzip, deflate, br",
  "Cache-Control: no-cache",
  "Pragma: no-cache",
  "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
].join("\r\n");

/** Every read of the process lands here; a reader is done with it before the next read. */
export type ReadBuffer = Buffer;

/** A buffer for all clients of one process. */
export function newReadBuffer(): ReadBuffer {
  return Buffer.alloc(65_536);
}

export class RawClient {
  readonly #socket: Socket;
  readonly #options: RawClientOptions;
  readonly #reader: FrameReader;
  /** What the server must answer to our key; undefined once it has. */
  #accept: string | undefined;
  #head = "";
  #ended = false;

  constructor(options: RawClientOptions, readBuffer: ReadBuffer) {
    this.#options = options;
    this.#reader = new FrameReader(options.frame);
    const key = randomBytes(16).toString("base64");
    this.#accept = createHash("sha1")
      .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest("base64");
    this.#socket = connect({
      host: "127.0.0.1",
      port: options.port,
      noDelay: true,
      onread: { buffer: readBuffer, callback: (length) => this.#read(readBuffer, length) },
    });
    this.#socket.on("error", (error) => this.#lose(error.message));
    this.#socket.on("close", () => this.#lose("closed by the server"));
    this.#socket.write(
      `GET ${options.path} HTTP/1.1\r\nHost: 127.0.0.1:${options.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n${browserHeaders}\r\n\r\n`,
    );
  }

  /** Writes the bytes in one call to the socket. False if some wait in this process: go on after `drained`. */
  write(frames: Buffer): boolean {
    return this.#socket.write(frames);
  }

  /** Calls `listener` each time all that waited has been written. */
  onDrained(listener: () => void): void {
    this.#socket.on("drain", listener);
  }

  /** Reads no more, for good. */
  stopReading(): void {
    this.#socket.pause();
  }

  /** Ends it with a reset, which leaves no port in TIME_WAIT. */
  destroy(): void {
    this.#ended = true;
    this.#socket.resetAndDestroy();
  }

  #read(buffer: Buffer, length: number): boolean {
    if (this.#ended) return false;
    try {
      const from = this.#accept === undefined ? 0 : this.#readHandshake(buffer, length);
      this.#reader.push(buffer, from, length);
    } catch (error) {
      this.#lose(error instanceof Error ? error.message : String(error));
    }
    return !this.#ended;
  }

  /** Returns where the frames begin in this chunk. */
  #readHandshake(buffer: Buffer, length: number): number {
    const before = this.#head.length;
    this.#head += buffer.toString("latin1", 0, length);
    const end = this.#head.indexOf("\r\n\r\n");
    if (end < 0) return length;
    const head = this.#head.slice(0, end);
    if (!head.startsWith("HTTP/1.1 101 "))
      throw new Error(`the handshake was answered with ${head.split("\r\n", 1)[0]}`);
    if (!head.includes(this.#accept ?? ""))
      throw new Error("the handshake's Sec-WebSocket-Accept is wrong");
    if (/^sec-websocket-extensions:/im.test(head))
      throw new Error("the server compresses: such frames cannot be counted by their headers");
    this.#accept = undefined;
    this.#head = "";
    this.#options.opened();
    return end + 4 - before;
  }

  #lose(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#socket.destroy();
    this.#options.lost(reason);
  }
}
