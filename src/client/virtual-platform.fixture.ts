/** For tests: a platform whose time, chance, sockets and signals belong to the test. */
import type { Platform, Signal, Timer } from "./platform/platform.ts";
import type { Opening, Socket, SocketEvents } from "./transport.ts";

/** mulberry32: small, and the same for the same seed on every machine. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface PendingTimer {
  readonly atMs: number;
  readonly run: () => void;
}

/** Time stands still but for `pass`. */
export class VirtualPlatform implements Platform {
  readonly random: () => number;
  /** Every socket that was ever asked for, oldest first. */
  readonly sockets: FakeSocket[] = [];
  readonly #timers = new Set<PendingTimer>();
  readonly #signalListeners = new Set<(signal: Signal) => void>();
  #ms = 0;
  #ids = 0;
  /** Makes the next `openWebSocket` throw. */
  openingError: Error | undefined;
  /** What a new socket's `canPing` says. */
  canPing = true;

  constructor(seed = 1) {
    this.random = seededRandom(seed);
  }

  readonly openWebSocket = (opening: Opening, events: SocketEvents): Socket => {
    if (this.openingError !== undefined) throw this.openingError;
    const socket = new FakeSocket(opening, events, this.canPing);
    this.sockets.push(socket);
    return socket;
  };

  watchSignals(listener: (signal: Signal) => void): () => void {
    this.#signalListeners.add(listener);
    return () => this.#signalListeners.delete(listener);
  }

  /** Somebody has set the clock on by so much. */
  clockSetMs = 0;

  now(): number {
    return 1_700_000_000_000 + this.#ms + this.clockSetMs;
  }

  monotonic(): number {
    return this.#ms;
  }

  after(ms: number, run: () => void): Timer {
    const timer = { atMs: this.#ms + Math.max(0, ms), run };
    this.#timers.add(timer);
    return { cancel: () => this.#timers.delete(timer) };
  }

  newId(): string {
    this.#ids++;
    return `id-${this.#ids}`;
  }

  /** The newest socket. */
  get socket(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error("no socket was asked for");
    return socket;
  }

  get openSockets(): readonly FakeSocket[] {
    return this.sockets.filter(({ status }) => status !== "closed");
  }

  get pendingTimers(): number {
    return this.#timers.size;
  }

  /** Who listens for signals. */
  get signalListeners(): number {
    return this.#signalListeners.size;
  }

  signal(signal: Signal): void {
    for (const listener of [...this.#signalListeners]) listener(signal);
  }

  /** Lets everything happen that waits for nothing but its turn. */
  settle(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  /** So much time passes in which nothing runs: the process sleeps, or is busy. */
  sleep(ms: number): void {
    this.#ms += ms;
  }

  /** Lets so much time pass; timers run at their times, in order. */
  async pass(ms: number): Promise<void> {
    const endMs = this.#ms + ms;
    await this.settle();
    for (;;) {
      let next: PendingTimer | undefined;
      for (const timer of this.#timers)
        if (timer.atMs <= endMs && (next === undefined || timer.atMs < next.atMs)) next = timer;
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#ms = Math.max(this.#ms, next.atMs);
      next.run();
      await this.settle();
    }
    this.#ms = endMs;
  }
}

/** A socket whose server is the test. Like a real one it drops what is sent behind the close frame. */
export class FakeSocket implements Socket {
  readonly opening: Opening;
  readonly #events: SocketEvents;
  status: "connecting" | "open" | "closing" | "closed" = "connecting";
  canPing: boolean;
  unsentBytes = 0;
  /** What was handed to it, in order. */
  readonly sent: string[] = [];
  /** How many of `sent` the server has read. */
  read = 0;
  /** What was handed to it too late to leave. */
  readonly dropped: string[] = [];
  /** Our close frame. */
  closedWith: { readonly code: number; readonly reason: string } | undefined;
  /** How much was sent before the ping that is not answered yet. */
  #pingedAt: number | undefined;
  pings = 0;

  constructor(opening: Opening, events: SocketEvents, canPing: boolean) {
    this.opening = opening;
    this.#events = events;
    this.canPing = canPing;
  }

  send(text: string): void {
    if (this.status === "connecting") throw new Error("sent before it was open");
    if (this.status === "open") this.sent.push(text);
    else this.dropped.push(text);
  }

  ping(): void {
    if (this.status !== "open") return;
    if (!this.canPing) throw new Error("pinged where that is not answered");
    this.pings++;
    this.#pingedAt = this.sent.length;
  }

  get awaitsPong(): boolean {
    return this.#pingedAt !== undefined;
  }

  close(code: number, reason: string): void {
    if (this.status !== "open" && this.status !== "connecting") return;
    this.status = "closing";
    this.closedWith = { code, reason };
  }

  destroy(): void {
    this.#end(1006, "ended by the client", false);
  }

  /** The server accepts. */
  accept(): void {
    if (this.status !== "connecting")
      throw new Error(`cannot accept a socket that is ${this.status}`);
    this.status = "open";
    this.#events.opened();
  }

  /** The server answers the upgrade with an HTTP status that means this code. */
  refuses(code: number, reason: string): void {
    if (this.status !== "connecting")
      throw new Error(`cannot refuse a socket that is ${this.status}`);
    this.#end(code, reason, false);
  }

  say(text: string): void {
    if (this.status !== "open" && this.status !== "closing")
      throw new Error(`a socket that is ${this.status} says nothing`);
    this.#events.text(text);
  }

  /** The server reads up to the last ping and answers it. */
  pong(): void {
    if (this.#pingedAt === undefined) throw new Error("there was no ping");
    this.read = Math.max(this.read, this.#pingedAt);
    this.#pingedAt = undefined;
    this.#events.pong();
  }

  /** The server closes; it has read nothing more. */
  serverCloses(code: number, reason = ""): void {
    this.#end(code, reason, true);
  }

  /** The server reads everything and answers our close frame. */
  answerClose(): void {
    if (this.closedWith === undefined) throw new Error("there was no close frame");
    this.read = this.sent.length;
    this.#end(this.closedWith.code, this.closedWith.reason, true);
  }

  /** It just goes. Also what a connect that fails looks like. */
  breaks(reason = "ECONNRESET"): void {
    this.#end(1006, reason, false);
  }

  #end(code: number, reason: string, clean: boolean): void {
    if (this.status === "closed") return;
    this.status = "closed";
    this.#events.closed({ code, reason, clean });
  }
}
