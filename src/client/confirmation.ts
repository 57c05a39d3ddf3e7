/** Finds out what the server has read of what one socket was given. */
import type { Entry } from "./outbox.ts";
import type { Platform, Timer } from "./platform/platform.ts";
import type { Socket } from "./transport.ts";
import type { Watchdog } from "./watchdog.ts";

/** The server is asked what it has read so long after a message was written, unless it is urgent. */
const confirmAfterMs = 200;
/** Where it cannot be asked. */
const settleMs = 5000;

interface Written {
  readonly entry: Entry;
  /** Bytes that were handed to this socket, with this message. */
  readonly endByte: number;
  /** When it was first seen to have left. */
  leftAtMs?: number;
}

/**
 * One socket's. Where the server answers pings, what was written before one that it has answered is read; elsewhere what has left and whose
 * connection is still open 5 s later.
 */
export class Confirmation {
  readonly #platform: Platform;
  readonly #socket: Socket;
  readonly #watchdog: Watchdog;
  readonly #confirmed: (entries: readonly Entry[]) => void;
  #unconfirmed: Written[] = [];
  #writtenBytes = 0;
  #asked = false;
  #timer: Timer | undefined;

  /** `confirmed` is told what was read, in order. */
  constructor(
    platform: Platform,
    socket: Socket,
    watchdog: Watchdog,
    confirmed: (entries: readonly Entry[]) => void,
  ) {
    this.#platform = platform;
    this.#socket = socket;
    this.#watchdog = watchdog;
    this.#confirmed = confirmed;
  }

  /** The socket was given a message. One that the protocol acknowledges needs no confirmation. */
  wrote(entry: Entry): void {
    this.#writtenBytes += entry.bytes;
    this.#watchdog.wrote(entry.bytes);
    if (!entry.awaitsAck) this.#unconfirmed.push({ entry, endByte: this.#writtenBytes });
  }

  /** Looks in a while, or asks at once where it is urgent; nothing to do if nothing waits or the server is being asked. */
  soon(isUrgent: boolean): void {
    if (this.#asked || this.#unconfirmed.length === 0) return;
    const { canPing } = this.#socket;
    if (canPing && isUrgent) this.#look();
    else
      this.#timer ??= this.#platform.after(canPing ? confirmAfterMs : settleMs / 5, () =>
        this.#look(),
      );
  }

  /** The socket has gone. */
  stop(): void {
    this.#timer?.cancel();
    this.#unconfirmed = [];
  }

  #look(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#asked) return;
    if (this.#socket.canPing) this.#ask();
    else this.#settleLeft();
  }

  #ask(): void {
    const asked = this.#unconfirmed;
    this.#unconfirmed = [];
    this.#asked = true;
    this.#watchdog.ask(() => {
      this.#asked = false;
      this.#confirmed(asked.map(({ entry }) => entry));
    });
  }

  #settleLeft(): void {
    const nowMs = this.#platform.monotonic();
    const leftBytes = this.#writtenBytes - this.#socket.unsentBytes;
    for (const written of this.#unconfirmed)
      if (written.endByte <= leftBytes) written.leftAtMs ??= nowMs;
    const isSettled = ({ leftAtMs }: Written) =>
      leftAtMs !== undefined && leftAtMs <= nowMs - settleMs;
    const settled = this.#unconfirmed.filter(isSettled);
    this.#unconfirmed = this.#unconfirmed.filter((written) => !isSettled(written));
    this.#confirmed(settled.map(({ entry }) => entry));
  }
}
