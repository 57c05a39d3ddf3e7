/** A WebSocket of a bystander: messages in the order in which they came. */
import { WebSocket } from "ws";

export class TextLine {
  readonly #socket: WebSocket;
  readonly #waiting: string[] = [];
  #wanted: ((text: string) => void) | undefined;
  #closing = false;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data) => {
      const text = String(data);
      const wanted = this.#wanted;
      this.#wanted = undefined;
      if (wanted === undefined) this.#waiting.push(text);
      else wanted(text);
    });
  }

  /** Resolves when it is open. `lost`: called if it closes before `close`. */
  static async open(url: string, lost: (why: string) => void): Promise<TextLine> {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    const line = new TextLine(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("error", reject);
    });
    socket.on("error", () => {});
    socket.on("close", (code, reason) => {
      if (!line.#closing) lost(`${new URL(url).pathname} was closed with ${code} ${reason}`);
    });
    return line;
  }

  send(message: object | string): void {
    this.#socket.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  /** The next message for which `fits` is true; others before it are dropped. */
  async next(fits: (text: string) => boolean): Promise<string> {
    for (;;) {
      const text =
        this.#waiting.shift() ??
        (await new Promise<string>((resolve) => {
          this.#wanted = resolve;
        }));
      if (fits(text)) return text;
    }
  }

  close(): void {
    this.#closing = true;
    this.#socket.close();
  }
}
