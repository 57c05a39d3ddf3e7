/** A client of the `ws` library that speaks text frames, with an inbox. */
import { type ClientOptions, WebSocket } from "ws";
import { Inbox, within } from "./inbox.ts";
import type { Scope } from "./scope.ts";

export interface OpenOptions {
  readonly protocols?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  /** False: never answers a ping. Default true. */
  readonly autoPong?: boolean;
}

/** How the server ended a connection: its close frame, or 1006 if there was none. */
export interface Closed {
  readonly code: number;
  readonly reason: string;
}

/** The server answered the upgrade with an HTTP status instead. */
export class UpgradeRefused extends Error {
  readonly status: number;

  constructor(url: string, status: number) {
    super(`${url} answered the upgrade with ${status}`);
    this.status = status;
  }
}

/** A JSON object that came in a frame. */
export type Message = Readonly<Record<string, unknown>>;

export class TextSocket {
  readonly #socket: WebSocket;
  readonly #closed: Promise<Closed>;
  /** Text frames in the order of their coming. It ends when the socket closes, or at a binary frame. */
  readonly frames: Inbox<string>;

  constructor(url: string, options: OpenOptions) {
    const { headers, protocols = [], autoPong = true } = options;
    const clientOptions: ClientOptions = {
      autoPong,
      ...(headers === undefined ? {} : { headers }),
    };
    this.#socket = new WebSocket(url, [...protocols], clientOptions);
    this.frames = new Inbox(`frame from ${url}`);
    this.#socket.on("message", (data, isBinary) => {
      if (isBinary) this.frames.end("a binary frame came where every frame must be text");
      else this.frames.push(data.toString());
    });
    this.#closed = new Promise((resolve) => {
      this.#socket.on("close", (code, reason) => {
        this.frames.end(`closed with ${code} "${reason}"`);
        resolve({ code, reason: reason.toString() });
      });
    });
    // What is wrong with a socket shows as its close; the error event must have a listener all the same.
    this.#socket.on("error", () => {});
  }

  /** Opens one; it is terminated with the scope. Rejects with `UpgradeRefused` if the server answers with a status. */
  static async open(scope: Scope, url: string, options: OpenOptions = {}): Promise<TextSocket> {
    const socket = scope.own(new TextSocket(url, options), (opened) => opened.terminate());
    const opened = new Promise<void>((resolve, reject) => {
      socket.#socket.once("open", resolve);
      socket.#socket.once("unexpected-response", (request, response) => {
        request.destroy();
        reject(new UpgradeRefused(url, response.statusCode ?? 0));
      });
      socket.#socket.once("error", reject);
    });
    await within(opened, `opening ${url}`);
    return socket;
  }

  /** The subprotocol that the server selected; "" if none. */
  get protocol(): string {
    return this.#socket.protocol;
  }

  /** Sends a string or bytes as they are (bytes as a binary frame), anything else as JSON. */
  send(message: unknown): void {
    this.#socket.send(
      typeof message === "string" || Buffer.isBuffer(message) ? message : JSON.stringify(message),
    );
  }

  /** The next frame. */
  async next(deadlineMs?: number): Promise<string> {
    return await this.frames.next(deadlineMs);
  }

  /** The next frame, which must be a JSON object. */
  async json(deadlineMs?: number): Promise<Message> {
    const frame = await this.frames.next(deadlineMs);
    const value: unknown = JSON.parse(frame);
    if (typeof value !== "object" || value === null || Array.isArray(value))
      throw new Error(`a frame is no JSON object: ${frame.slice(0, 500)}`);
    return value as Message;
  }

  /** Reads on until a JSON object with this `type`. */
  async ofType(type: string, deadlineMs?: number): Promise<Message> {
    const frame = await this.frames.until(
      (text) => text.startsWith("{") && JSON.parse(text).type === type,
      deadlineMs,
    );
    return JSON.parse(frame);
  }

  /** How the connection ended; waits for it. */
  async closed(deadlineMs?: number): Promise<Closed> {
    return await within(this.#closed, "close", deadlineMs);
  }

  /** Stops reading from the network. */
  pause(): void {
    this.#socket.pause();
  }

  /** Reads on. */
  resume(): void {
    this.#socket.resume();
  }

  /** Sends a close frame, as a client does that leaves properly. */
  close(code?: number): void {
    this.#socket.close(code);
  }

  /** Drops the connection without a word. */
  terminate(): void {
    this.#socket.terminate();
  }
}
