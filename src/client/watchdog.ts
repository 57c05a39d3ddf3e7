/** Notices a server that has gone silent, and asks it whether it has read what was sent. */
import type { Platform, Timer } from "./platform/platform.ts";
import type { Socket } from "./transport.ts";

/** When a silent server is asked, and when it is given up. */
export interface WatchdogLimits {
  /** A server that has said nothing for so long is pinged; default 15 s, at least 10 ms. */
  readonly pingAfterMs: number;
  /**
   * It is given up if it then still says nothing for so long; default 15 s. While the ping waits behind other messages, any of them leaving
   * begins this time anew; once the ping itself has left, only what the server says counts: sending goes on well into a dead connection.
   */
  readonly pongWithinMs: number;
  /** A server that cannot be pinged (from a page, one that is not Switchboard) is given up after so much silence; default: never. */
  readonly maxSilenceMs: number;
}

const minPingAfterMs = 10;
/** A process that was away for so long gets as long again to read what came meanwhile. */
const catchUpMs = 1000;

/** One socket's. It has one timer at a time. */
export class Watchdog {
  readonly #platform: Platform;
  readonly #socket: Socket;
  readonly #limits: WatchdogLimits;
  readonly #dead: (reason: string) => void;
  /** Who is called at the next answer, and at the answer to the ping after that. */
  #asked: (() => void)[] | undefined;
  #asking: (() => void)[] = [];
  #heardMs: number;
  #writtenBytes = 0;
  /** What was written before the last ping. */
  #pingEnd = 0;
  /** Bytes that had left when it was looked at last: more are a sign of life until the ping has left. */
  #leftBytes = 0;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(
    platform: Platform,
    socket: Socket,
    { pingAfterMs, pongWithinMs, maxSilenceMs }: Partial<WatchdogLimits>,
    dead: (reason: string) => void,
  ) {
    this.#platform = platform;
    this.#socket = socket;
    this.#limits = {
      pingAfterMs: Math.max(minPingAfterMs, pingAfterMs ?? 15_000),
      pongWithinMs: pongWithinMs ?? 15_000,
      maxSilenceMs: maxSilenceMs ?? Number.POSITIVE_INFINITY,
    };
    this.#dead = dead;
    this.#heardMs = platform.monotonic();
    this.#watch();
  }

  /** Something came from the server. */
  heard(): void {
    this.#heardMs = this.#platform.monotonic();
  }

  /** So many bytes were handed to the socket. */
  wrote(bytes: number): void {
    this.#writtenBytes += bytes;
  }

  /** The server answered a ping. */
  pong(): void {
    if (this.#stopped) return;
    this.heard();
    const asked = this.#asked ?? [];
    this.#asked = undefined;
    for (const answer of asked) answer();
    // Whom an answer tells may have ended the connection.
    if (this.#stopped) return;
    if (this.#asking.length > 0) this.#ping();
    else this.#watch();
  }

  /** Calls `answer` when the server has read all that was sent before this call. Only where the socket `canPing`. */
  ask(answer: () => void): void {
    this.#asking.push(answer);
    if (this.#asked === undefined) this.#ping();
  }

  /** Something suggests that the connection may be dead: asks now. */
  probe(): void {
    if (this.#socket.canPing && this.#asked === undefined) this.#ping();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#asked = undefined;
    this.#asking = [];
  }

  #ping(): void {
    this.#asked = this.#asking;
    this.#asking = [];
    this.#pingEnd = this.#writtenBytes;
    this.#socket.ping();
    this.#leftBytes = this.#writtenBytes - this.#socket.unsentBytes;
    this.#after(this.#limits.pongWithinMs, () =>
      this.#missed(this.#platform.monotonic() - this.#limits.pongWithinMs),
    );
  }

  /** `sinceMs`: when the wait began. */
  #missed(sinceMs: number): void {
    const leftBytes = this.#writtenBytes - this.#socket.unsentBytes;
    // What is written behind the ping may leave into the buffers of a network that is dead.
    const isLeaving = this.#leftBytes < this.#pingEnd && leftBytes > this.#leftBytes;
    if (this.#heardMs <= sinceMs && !isLeaving) {
      this.#dead("the server did not answer a ping");
      return;
    }
    this.#leftBytes = leftBytes;
    this.#after(this.#limits.pongWithinMs, () =>
      this.#missed(this.#platform.monotonic() - this.#limits.pongWithinMs),
    );
  }

  #watch(): void {
    const { pingAfterMs, maxSilenceMs } = this.#limits;
    const { canPing } = this.#socket;
    const silentMs = this.#platform.monotonic() - this.#heardMs;
    if (canPing && silentMs >= pingAfterMs) this.#ping();
    else if (!canPing && silentMs >= maxSilenceMs)
      this.#dead("the server has been silent for too long");
    // Where it cannot be pinged yet it may be later.
    else
      this.#after(
        canPing ? pingAfterMs - silentMs : Math.min(pingAfterMs, maxSilenceMs - silentMs),
        () => this.#watch(),
      );
  }

  #after(ms: number, run: () => void, isSecond = false): void {
    this.#timer?.cancel();
    const dueMs = this.#platform.monotonic() + ms;
    this.#timer = this.#platform.after(Math.max(1, ms), () => {
      // So late: this process slept or was busy, and may have unread what came meanwhile.
      const isLate = this.#platform.monotonic() - dueMs >= catchUpMs;
      if (isLate && !isSecond) this.#after(catchUpMs, run, true);
      else run();
    });
  }
}
