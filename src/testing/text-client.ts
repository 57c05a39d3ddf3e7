/** A plain WebSocket client for tests: sends text, awaits frames with a deadline. */
import { WebSocket } from "ws";

/** How a connection ended. */
export interface ClientClose {
  readonly code: number;
  readonly reason: string;
}

/** Default time to wait for anything, in ms. */
const deadlineMs = 5000;

/** Frames come out of `next` in the order in which they arrived; none is dropped. */
export class TextClient {
  /** The socket, for what this client has no word for. */
  readonly socket: WebSocket;
  readonly #arrived: string[] = [];
  #waiting: ((frame: string) => void) | undefined;
  readonly #closed: Promise<ClientClose>;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (data: Buffer, isBinary: boolean) =>
      this.#take(isBinary ? `binary ${data.toString("hex")}` : data.toString()),
    );
    this.#closed = new Promise((resolve) => {
      socket.on("close", (code: number, reason: Buffer) =>
        resolve({ code, reason: reason.toString() }),
      );
    });
  }

  /** Resolves when the socket is open; rejects if it cannot be opened. */
  static open(
    url: string,
    protocols: readonly string[] = [],
    headers: Readonly<Record<string, string>> = {},
  ): Promise<TextClient> {
    const socket = new WebSocket(url, [...protocols], {
      headers: { ...headers },
      perMessageDeflate: false,
    });
    const client = new TextClient(socket);
    return new Promise((resolve, reject) => {
      socket.once("open", () => resolve(client));
      socket.once("error", reject);
      socket.on("error", () => {});
    });
  }

  /** Sends a text frame as it is, or a value as JSON. */
  send(message: string | object): void {
    this.socket.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  /** The next frame; rejects when none comes in time. One call at a time. */
  next(ms: number = deadlineMs): Promise<string> {
    const frame = this.#arrived.shift();
    if (frame !== undefined) return Promise.resolve(frame);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting = undefined;
        reject(new Error(`no frame within ${ms} ms`));
      }, ms);
      this.#waiting = (arrived) => {
        clearTimeout(timer);
        resolve(arrived);
      };
    });
  }

  /** The next frame, which must be JSON. */
  async nextJson(ms: number = deadlineMs): Promise<unknown> {
    return JSON.parse(await this.next(ms));
  }

  /** How it ended; rejects when it has not in time. */
  closed(ms: number = deadlineMs): Promise<ClientClose> {
    let timer: NodeJS.Timeout;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`not closed within ${ms} ms`)), ms);
    });
    return Promise.race([this.#closed, late]).finally(() => clearTimeout(timer));
  }

  /** Closes as a client that leaves properly does; resolves when the server has answered. */
  leave(): Promise<ClientClose> {
    this.socket.close();
    return this.closed();
  }

  #take(frame: string): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting !== undefined) waiting(frame);
    else this.#arrived.push(frame);
  }
}
