/** What the kit's tests drive: a clock, a turn and a socket that do nothing by themselves, a receiver that writes down, a service. */
import { onTestFinished } from "vitest";
import { defaultLimits, type Limits } from "../contract/index.ts";
import { openMemoryEngine } from "../engines/memory/index.ts";
import type { Clock, Timer } from "./clock.ts";
import { type Closed, Connection, type ConnectionLimits, type Receiver } from "./connection.ts";
import { Encoded } from "./encoded.ts";
import type { Link, Opening } from "./link.ts";
import type { Logger } from "./logger.ts";
import { anybody } from "./principal.ts";
import { RunningService } from "./running-service.ts";
import type { AnyService } from "./service.ts";
import { Tally } from "./tally.ts";
import { Turn } from "./turn.ts";

/** A clock that stands still until it is told to go on. The wall clock can jump by itself. */
export class ManualClock implements Clock {
  wallMs = 1_000_000;
  #monotonicMs = 0;
  #pending: { readonly atMs: number; readonly run: () => void }[] = [];

  now(): number {
    return this.wallMs;
  }

  monotonic(): number {
    return this.#monotonicMs;
  }

  after(ms: number, run: () => void): Timer {
    const pending = { atMs: this.#monotonicMs + ms, run };
    this.#pending.push(pending);
    return {
      cancel: () => {
        this.#pending = this.#pending.filter((other) => other !== pending);
      },
    };
  }

  /** Timers that will still call. */
  get pending(): number {
    return this.#pending.length;
  }

  /** Lets time pass; what is due on the way is called at its time, the earliest first. */
  advance(ms: number): void {
    const untilMs = this.#monotonicMs + ms;
    for (;;) {
      const next = this.#pending
        .filter(({ atMs }) => atMs <= untilMs)
        .sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) break;
      this.#go(next.atMs);
      this.#pending = this.#pending.filter((other) => other !== next);
      next.run();
    }
    this.#go(untilMs);
  }

  #go(toMs: number): void {
    this.wallMs += toMs - this.#monotonicMs;
    this.#monotonicMs = toMs;
  }
}

/** A turn of the event loop that ends when the test says so. */
export class ManualTurn {
  #scheduled: (() => void)[] = [];
  readonly turn = new Turn((run) => this.#scheduled.push(run));

  get scheduled(): number {
    return this.#scheduled.length;
  }

  end(): void {
    for (const run of this.#scheduled.splice(0)) run();
  }
}

/** A socket that notes what it is asked to do. While `slow`, what is written stays unsent until `drain`. */
export class FakeLink implements Link {
  slow = false;
  unsentBytes = 0;
  /** The texts of each write. */
  readonly writes: string[][] = [];
  /** The messages, to see that two sockets were given the same one. */
  readonly messages: Encoded[] = [];
  /** Everything but writes, in order. */
  readonly calls: string[] = [];

  write(messages: readonly Encoded[]): void {
    this.writes.push(messages.map(({ text }) => text));
    this.messages.push(...messages);
    if (this.slow) for (const { bytes } of messages) this.unsentBytes += bytes;
  }

  /** All texts that were written, in order. */
  get texts(): string[] {
    return this.writes.flat();
  }

  close(code: number, reason: string): void {
    this.calls.push(`close ${code} ${reason}`);
  }

  destroy(): void {
    this.calls.push("destroy");
  }

  ping(): void {
    this.calls.push("ping");
  }

  async probe(timeoutMs: number): Promise<boolean> {
    this.calls.push(`probe ${timeoutMs}`);
    return true;
  }
}

/** A socket of which reading can be paused. */
export class PausableLink extends FakeLink {
  pause(): void {
    this.calls.push("pause");
  }

  resume(): void {
    this.calls.push("resume");
  }
}

/** Handles texts as the test says, and writes down what happens. */
export class FakeReceiver implements Receiver {
  readonly log: string[] = [];
  readonly failures: unknown[] = [];
  readonly tally = new Tally();
  handle: (text: string, connection: Connection) => void | Promise<void> = () => {};
  /** What the service does when it hears of the close. */
  onClosed: (connection: Connection) => void | Promise<void> = () => {};

  text(connection: Connection, text: string): void | Promise<void> {
    this.log.push(text);
    return this.handle(text, connection);
  }

  event(connection: Connection, name: string, payload: unknown): void | Promise<void> {
    return this.text(connection, `${name} ${JSON.stringify(payload)}`);
  }

  closed(connection: Connection, { code, reason, byServer }: Closed): void | Promise<void> {
    this.log.push(`closed ${code} ${reason} ${byServer ? "by server" : "by peer"}`);
    return this.onClosed(connection);
  }

  caughtUp(_connection: Connection, skipped: number): void {
    this.log.push(`caught up, ${skipped} skipped`);
  }

  failed(_connection: Connection, error: unknown): void {
    this.failures.push(error);
  }

  get bytesIn(): number {
    return this.tally.bytesIn;
  }

  get bytesOut(): number {
    return this.tally.bytesOut;
  }
}

export const roomyLimits: ConnectionLimits = {
  maxQueueBytes: 1 << 20,
  maxQueueMessages: 10_000,
  maxInbox: 1000,
  messagesPerSecond: null,
};

/** An opening of anybody, with differences. */
export function openingOf(differences: Partial<Opening> = {}): Opening {
  return {
    path: "/",
    query: "",
    address: "127.0.0.1",
    principal: anybody,
    wantsErrors: false,
    wantsSkipped: false,
    ...differences,
  };
}

/** A connection on fake parts, and those. */
export interface Fakes<L extends FakeLink = FakeLink> {
  readonly connection: Connection;
  readonly link: L;
  readonly receiver: FakeReceiver;
  readonly clock: ManualClock;
  readonly turn: ManualTurn;
}

/** Opens one; what is not given is made. */
export function fakeConnection<L extends FakeLink = FakeLink>(
  parts: Partial<Omit<Fakes<L>, "connection">> & {
    readonly limits?: Partial<ConnectionLimits>;
    readonly opening?: Partial<Opening>;
  } = {},
): Fakes<L> {
  const {
    receiver = new FakeReceiver(),
    clock = new ManualClock(),
    turn = new ManualTurn(),
  } = parts;
  const link = parts.link ?? (new FakeLink() as L);
  const limits = { ...roomyLimits, ...parts.limits };
  const connection = new Connection(
    "c1",
    openingOf(parts.opening),
    link,
    receiver,
    limits,
    clock,
    turn.turn,
  );
  return { connection, link, receiver, clock, turn };
}

/** Resolves when no turn has anything more to do. */
export async function idle({ turn }: Pick<Fakes, "turn">): Promise<void> {
  for (;;) {
    await settled();
    if (turn.scheduled === 0) return;
    turn.end();
  }
}

/** A message that must arrive (`latestKey` null) or that newer ones of its key may replace. */
export function message(text: string, latestKey: string | null = null): Encoded {
  return new Encoded("m", {}, latestKey, () => text);
}

/** Something to wait for, which is done when told. */
export function held(): { readonly done: Promise<void>; readonly release: () => void } {
  let release = () => {};
  const done = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { done, release };
}

/** Resolves when what has been resolved so far, and what that has led to, has run. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Keeps every line. */
class FakeLogger implements Logger {
  readonly lines: {
    readonly level: string;
    readonly fields: Readonly<Record<string, unknown>>;
    readonly message: string;
  }[] = [];
  readonly debug = this.#keep("debug");
  readonly info = this.#keep("info");
  readonly warn = this.#keep("warn");
  readonly error = this.#keep("error");

  #keep(level: string) {
    return (fields: object, message: string) => {
      this.lines.push({ level, fields: { ...fields }, message });
    };
  }
}

/** A service that has been started on a memory engine of its own. */
export interface Started {
  readonly service: RunningService;
  readonly logger: FakeLogger;
  readonly clock: ManualClock;
}

/** Starts a service; its engine is closed after the test. */
export async function startService(
  service: AnyService,
  options: {
    readonly auth?: boolean;
    readonly limits?: Partial<Limits>;
    readonly clock?: ManualClock;
  } = {},
): Promise<Started> {
  const engine = await openMemoryEngine();
  onTestFinished(() => engine.close());
  const { auth = false, clock = new ManualClock() } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const logger = new FakeLogger();
  let lastId = 0;
  const parts = {
    config: {},
    limits,
    engine,
    clock,
    logger,
    authEnabled: auth,
    newId: () => `id${++lastId}`,
  };
  return { service: await RunningService.start(service, parts), logger, clock };
}
