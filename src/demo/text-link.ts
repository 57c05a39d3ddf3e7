/** A participant's plain WebSocket: text frames, JSON both ways. */
import { WebSocket } from "ws";
import { answerDeadlineMs } from "./setting.ts";

/** A JSON object that came in a frame. */
export type Message = Readonly<Record<string, unknown>>;

/** What a link tells its owner. */
export interface LinkListener {
  /** A frame came; `message` is undefined if it is no JSON object. */
  message(message: Message | undefined, text: string): void;
  /** The connection has ended although we did not leave. */
  lost?(code: number, reason: string): void;
}

/** One open connection. */
export class TextLink {
  readonly #socket: WebSocket;
  readonly #closed: Promise<void>;
  #leaving = false;

  private constructor(socket: WebSocket, listener: LinkListener) {
    this.#socket = socket;
    socket.on("message", (data) => {
      const text = data.toString();
      if (!this.#leaving) listener.message(objectIn(text), text);
    });
    this.#closed = new Promise((resolve) => {
      socket.on("close", (code, reason) => {
        if (!this.#leaving) listener.lost?.(code, reason.toString());
        resolve();
      });
    });
    // What is wrong with a socket shows as its close; the error event must have a listener all the same.
    socket.on("error", () => {});
  }

  /** Resolves when it is open; rejects with what the server answered instead. */
  static open(url: string, listener: LinkListener): Promise<TextLink> {
    const socket = new WebSocket(url, { handshakeTimeout: answerDeadlineMs });
    const link = new TextLink(socket, listener);
    return new Promise((resolve, reject) => {
      socket.once("open", () => resolve(link));
      socket.once("error", (error) => {
        link.#leaving = true;
        reject(new Error(`${url} cannot be opened: ${error.message}`));
      });
    });
  }

  /** Sends a string as it is, anything else as JSON. */
  send(message: object | string): void {
    this.#socket.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  /** Leaves properly. Resolves when the connection has ended; nothing is heard from now on. */
  async leave(): Promise<void> {
    this.#leaving = true;
    this.#socket.close(1000);
    await this.#closed;
  }

  /** Ends without a word, as a client that loses its network does. Nothing is heard from now on. */
  async drop(): Promise<void> {
    this.#leaving = true;
    this.#socket.terminate();
    await this.#closed;
  }
}

function objectIn(text: string): Message | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
