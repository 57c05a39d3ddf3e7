/** One attempt to open a connection, and the open socket that may come of it. */
import { isSwitchboardError, messageOf, SwitchboardError } from "../wire/error.ts";
import type { ConnectOptions } from "./options.ts";
import type { Platform, Timer } from "./platform/platform.ts";
import type { Loss } from "./state.ts";
import type { Socket } from "./transport.ts";
import { Watchdog } from "./watchdog.ts";

/** What an identification speaks through, before anything else is sent. */
export interface Handshake {
  /** Sends before everything in the outbox; later, as long as this socket is open, beside it. */
  send(text: string): void;
  /**
   * The next text for which `wanted` is true; `message` listeners get it too. Ask before you send what it answers. Rejects with what `wanted` throws.
   */
  next(wanted: (text: string) => boolean): Promise<string>;
}

/** What an attempt is made of, and whom it tells. Of `lost` and `failed` one is called, once; after it nothing. */
export interface AttemptParts {
  readonly url: string;
  readonly options: ConnectOptions;
  readonly platform: Platform;
  /** A token, or none, that the server did not take: with the same again there is no use in trying. */
  readonly refused: { readonly token: string | undefined } | undefined;
  message(text: string): void;
  /** Open and identified. */
  opened(): void;
  /** `clean`: with the closing handshake. */
  lost(loss: Loss, clean: boolean): void;
  failed(error: SwitchboardError): void;
}

interface Waiter {
  readonly wanted: (text: string) => boolean;
  readonly resolve: (text: string) => void;
  readonly reject: (error: unknown) => void;
}

export class Attempt {
  readonly #parts: AttemptParts;
  readonly #platform: Platform;
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;
  #end: () => void = () => {};
  #over = false;
  #closing = false;
  #timer: Timer | undefined;
  #token: string | undefined;
  #socket: Socket | undefined;
  #link: { readonly socket: Socket; readonly watchdog: Watchdog } | undefined;
  #waiters: Waiter[] = [];

  constructor(parts: AttemptParts) {
    this.#parts = parts;
    this.#platform = parts.platform;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /** Set while the socket is open. */
  get link(): { readonly socket: Socket; readonly watchdog: Watchdog } | undefined {
    return this.#link;
  }

  /** The token that it was opened with. */
  get token(): string | undefined {
    return this.#token;
  }

  /** We have closed it. */
  get isClosing(): boolean {
    return this.#closing;
  }

  start(): void {
    const { attemptTimeoutMs = 10_000 } = this.#parts.options;
    this.#timer = this.#platform.after(attemptTimeoutMs, () => {
      this.#fail(
        new SwitchboardError("timeout", `not open and identified within ${attemptTimeoutMs} ms`),
      );
    });
    this.#open().catch((error: unknown) => this.#fail(known(error)));
  }

  close(code: number, reason: string): void {
    this.#closing = true;
    this.#link?.socket.close(code, reason);
  }

  /** Nothing is told any more. */
  destroy(): void {
    if (!this.#finish()) return;
    this.#socket?.destroy();
  }

  async #open(): Promise<void> {
    const { options, platform, url, refused } = this.#parts;
    const { token } = options;
    this.#token = typeof token === "function" ? await token() : token;
    if (this.#over) return;
    if (refused !== undefined && this.#token === refused.token) {
      throw new SwitchboardError(
        "unauthenticated",
        "the server did not take this token, and there is no other: give a new one",
      );
    }
    const open = options.transport ?? platform.openWebSocket;
    try {
      this.#socket = open(
        { url, token: this.#token },
        {
          opened: () =>
            void this.#socketOpened().catch((error: unknown) => this.#fail(known(error))),
          text: (text) => this.#text(text),
          heard: () => this.#link?.watchdog.heard(),
          pong: () => this.#link?.watchdog.pong(),
          closed: ({ code, reason, clean }) => this.#lost({ code, reason }, clean),
        },
      );
    } catch (error) {
      if (isSwitchboardError(error)) throw error;
      throw new SwitchboardError(
        "bad_url",
        `${url} cannot be opened: ${messageOf(error)}`,
        {},
        { cause: error },
      );
    }
  }

  async #socketOpened(): Promise<void> {
    const socket = this.#socket;
    if (this.#over || socket === undefined) return;
    const { options, opened } = this.#parts;
    const watchdog = new Watchdog(this.#platform, socket, options.watchdog ?? {}, (reason) => {
      if (!this.#finish()) return;
      socket.destroy();
      this.#parts.lost({ code: 1006, reason }, false);
    });
    this.#link = { socket, watchdog };
    // Without it there is no turn in which a message could overtake `opened`.
    if (options.identify !== undefined) {
      await options.identify({
        send: (text) => {
          if (!this.#over) socket.send(text);
        },
        next: (wanted) =>
          new Promise((resolve, reject) => this.#waiters.push({ wanted, resolve, reject })),
      });
    }
    if (this.#over) return;
    this.#waiters = [];
    this.#timer?.cancel();
    opened();
  }

  #text(text: string): void {
    if (this.#over) return;
    this.#link?.watchdog.heard();
    for (const waiter of [...this.#waiters]) {
      try {
        if (!waiter.wanted(text)) continue;
        waiter.resolve(text);
      } catch (error) {
        waiter.reject(error);
      }
      this.#waiters = this.#waiters.filter((other) => other !== waiter);
    }
    this.#parts.message(text);
  }

  #lost(loss: Loss, clean: boolean): void {
    if (this.#finish()) this.#parts.lost(loss, clean);
  }

  #fail(error: SwitchboardError): void {
    if (!this.#finish()) return;
    this.#socket?.destroy();
    this.#parts.failed(error);
  }

  /** True the first time. */
  #finish(): boolean {
    if (this.#over) return false;
    this.#over = true;
    this.#timer?.cancel();
    this.#link?.watchdog.stop();
    this.#waiters = [];
    this.#end();
    return true;
  }
}

/** An error of a token function or of an identification that is not ours is taken for one that may pass. */
function known(error: unknown): SwitchboardError {
  if (isSwitchboardError(error)) return error;
  return new SwitchboardError(
    "internal",
    `the connection could not be opened: ${messageOf(error)}`,
    {},
    { cause: error },
  );
}
