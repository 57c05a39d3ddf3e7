/** Has one conversation with the server over a socket of its own. */
import { connect, type Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { AnswerCheck } from "./answer-check.ts";
import { type Conversation, type Step, sessionMark } from "./conversation.ts";

/** How long the first answer may take (a handshake), and the later ones, which may never come. */
const firstAnswerMs = 1000;
const laterAnswerMs = 25;

/** How long a socket is kept after its last write. */
const closingMs = 500;
const halfOpenMs = 200;

export interface Outcome {
  /** What the server answered that it must not. */
  readonly faults: readonly string[];
  /** Why there was no connection: the server is gone, or takes no more. */
  readonly failure?: string;
}

export class Dialogue {
  readonly #conversation: Conversation;
  readonly #socket: Socket;
  readonly #check = new AnswerCheck();
  #failure: string | undefined;
  #closed = false;
  #answered = false;
  /** Wakes what waits for an answer or for the end. */
  #wake: (() => void) | undefined;

  /** `address`: the local address, so that clients are of several addresses. */
  constructor(conversation: Conversation, port: number, address: string) {
    this.#conversation = conversation;
    this.#socket = connect({ host: "127.0.0.1", port, localAddress: address, noDelay: true });
    this.#socket.on("connect", () => this.#woken(true));
    this.#socket.on("data", (chunk: Buffer) => {
      this.#check.push(chunk);
      this.#woken(true);
    });
    this.#socket.on("error", (error: NodeJS.ErrnoException) => {
      // A reset is the server's right; a refused connection is not.
      if (error.code === "ECONNREFUSED" || error.syscall === "bind") this.#failure = error.message;
    });
    this.#socket.on("close", () => {
      this.#closed = true;
      this.#woken(false);
    });
  }

  /** Resolves when the socket is gone. Never rejects. */
  async finish(): Promise<Outcome> {
    await this.#until(() => !this.#socket.connecting, 5000);
    if (this.#conversation.deaf) this.#socket.pause();
    let answerMs = firstAnswerMs;
    for (const step of this.#conversation.steps) {
      if (this.#closed) break;
      await this.#take(step, answerMs);
      if (step.do === "await-answer") answerMs = laterAnswerMs;
    }
    if (!this.#closed) await this.#leave();
    const failure = this.#failure;
    return { faults: [...this.#check.faults], ...(failure === undefined ? {} : { failure }) };
  }

  /** Drops the socket at once, whatever it is doing. */
  destroy(): void {
    this.#socket.destroy();
  }

  async #take(step: Step, answerMs: number): Promise<void> {
    switch (step.do) {
      case "write":
        this.#write(step.bytes);
        return;
      case "write-with-session": {
        const text = step.text.replaceAll(sessionMark, this.#check.session ?? sessionMark);
        this.#write(Buffer.from(text, "latin1"));
        return;
      }
      case "await-answer":
        await this.#until(() => this.#answered, answerMs);
        return;
      case "pause":
        await wait(step.ms);
    }
  }

  #write(bytes: Buffer): void {
    this.#answered = false;
    if (bytes.length > 0 && this.#socket.writable) this.#socket.write(bytes);
  }

  async #leave(): Promise<void> {
    const { ending, deaf } = this.#conversation;
    // What has been written must leave before a reset drops it.
    if (this.#socket.writableLength > 0)
      await this.#until(() => this.#socket.writableLength === 0, closingMs);
    if (ending === "half-open") await this.#until(() => this.#closed, halfOpenMs);
    else if (ending === "end") {
      this.#socket.end();
      if (!deaf) await this.#until(() => this.#closed, closingMs);
    } else await this.#until(() => this.#answered, laterAnswerMs);
    if (this.#closed) return;
    this.#socket.resetAndDestroy();
    await this.#until(() => this.#closed, closingMs);
  }

  #woken(answered: boolean): void {
    if (answered) this.#answered = true;
    this.#wake?.();
  }

  /** Resolves when `done`, when the socket is closed, or after `ms`. */
  async #until(done: () => boolean, ms: number): Promise<void> {
    const endMs = performance.now() + ms;
    while (!done() && !this.#closed) {
      const left = endMs - performance.now();
      if (left <= 0) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(left, 50));
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}
