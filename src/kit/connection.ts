/** One client's open socket, whatever the transport: handles its messages one after another, queues what goes out. */
import type { CloseName } from "../wire/close-codes.ts";
import { closeCodes } from "../wire/close-codes.ts";
import type { Clock } from "./clock.ts";
import { DrainWaiters } from "./drain-waiters.ts";
import type { Encoded } from "./encoded.ts";
import { Inbox } from "./inbox.ts";
import type { Link, Opening } from "./link.ts";
import { Outbox } from "./outbox.ts";
import type { Principal } from "./principal.ts";
import { Rate } from "./rate.ts";
import type { Tally } from "./tally.ts";
import type { Tap } from "./tap.ts";
import type { Turn } from "./turn.ts";

/** How a connection ended. `code` is 1006 where the socket just went. */
export interface Closed {
  readonly code: number;
  readonly reason: string;
  /** True if the kit or a service closed it; false where the peer left, broke the transport's protocol (1007, 1009) or just went. */
  readonly byServer: boolean;
}

/** Who takes a connection's messages: the service it belongs to, or the entrance that is still finding out. */
export interface Receiver {
  /** Where the connection counts what it receives and sends. */
  readonly tally: Tally;
  text(connection: Connection, text: string): void | Promise<void>;
  event(connection: Connection, name: string, payload: unknown): void | Promise<void>;
  closed(connection: Connection, closed: Closed): void | Promise<void>;
  /** A handler threw or rejected. Must not throw. */
  failed(connection: Connection, error: unknown): void;
  /** The client was behind, has caught up, and asked to be told how many messages it did not get in all. */
  caughtUp(connection: Connection, skipped: number): void;
}

/** The bounds that a connection itself keeps. */
export interface ConnectionLimits {
  readonly maxQueueBytes: number;
  readonly maxQueueMessages: number;
  readonly maxInbox: number;
  readonly messagesPerSecond: number | null;
}

/** Time from a close until the socket is destroyed, and until one whose peer is stuck is. */
const closeTimeoutMs = 5000;
const stuckTimeoutMs = 1000;

/** Something that connections are in, and leave when they end. */
export interface Group {
  drop(connection: Connection): void;
}

/**
 * Messages are handled one after another: the next one is looked at when the handler of the one before has resolved. The
 * close comes last, and never inside the call that closes. What `deliver` is given leaves in order, at the end of the event-loop turn,
 * in one write.
 */
export class Connection {
  readonly id: string;
  readonly opening: Opening;
  receiver: Receiver;
  principal: Principal | undefined;
  /** Monotonic ms of the opening, of the last sign of life, and of the last ping sent. */
  readonly openedMs: number;
  lastHeardMs: number;
  lastPingMs: number;
  readonly #link: Link;
  readonly #clock: Clock;
  readonly #outbox: Outbox;
  readonly #inbox: Inbox;
  readonly #rate: Rate | undefined;
  #closed: Closed | undefined;
  #closedMs = 0;
  #toldSkipped = 0;
  #groups: Set<Group> | undefined;
  #taps: Set<Tap> | undefined;
  #drainWaiters: DrainWaiters | undefined;

  constructor(
    id: string,
    opening: Opening,
    link: Link,
    receiver: Receiver,
    limits: ConnectionLimits,
    clock: Clock,
    turn: Turn,
  ) {
    this.id = id;
    this.opening = opening;
    this.principal = opening.principal;
    this.receiver = receiver;
    this.openedMs = clock.monotonic();
    this.lastHeardMs = this.openedMs;
    this.lastPingMs = this.openedMs;
    this.#link = link;
    this.#clock = clock;
    this.#inbox = new Inbox({
      link,
      turn,
      maxInbox: limits.maxInbox,
      failed: (error) => this.receiver.failed(this, error),
    });
    this.#rate =
      limits.messagesPerSecond === null ? undefined : new Rate(limits.messagesPerSecond, clock);
    this.#outbox = new Outbox(link, turn, limits, () =>
      this.close("tooSlow", "too slow: messages that must all arrive were waiting"),
    );
  }

  /** True once it is closed or closing: sending does nothing. */
  get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  /** True once the server has closed it: of its messages none is handled any more. */
  get isClosedByServer(): boolean {
    return this.#closed?.byServer === true;
  }

  /** True while nothing is read from the socket, because messages wait for the running one. */
  get isPaused(): boolean {
    return this.#inbox.isPaused;
  }

  /** Bytes of received messages that wait for the running one. */
  get waitingBytes(): number {
    return this.#inbox.waitingBytes;
  }

  /** Bytes that wait for a slow client, in the queue and in the socket. */
  get unsentBytes(): number {
    return this.#outbox.queuedBytes + this.#link.unsentBytes;
  }

  /** `latest` messages that this client did not get because newer ones replaced them. */
  get skipped(): number {
    return this.#outbox.skipped;
  }

  /** Queues a message. Never fails: a client that is too slow for it is closed with 4408. */
  deliver(message: Encoded): void {
    this.#outbox.push(message);
  }

  /** Closes with a code of the table, behind everything sent so far. The first close counts. */
  close(name: CloseName, reason: string): void {
    this.#end({ code: closeCodes[name].code, reason, byServer: true });
  }

  /** Ends the socket at once, without a close frame or without waiting for one any longer: for a peer that is dead anyway. */
  destroy(reason: string): void {
    if (this.#closed === undefined) {
      this.#finish({ code: 1006, reason, byServer: true });
      this.#outbox.drop();
    }
    this.#link.destroy();
  }

  /**
   * Resolves when everything delivered so far has left the process, or the connection has ended. What awaits this between large
   * messages makes no client too slow.
   */
  whenDrained(): Promise<void> {
    if (this.#closed !== undefined || this.unsentBytes === 0) return Promise.resolve();
    this.#drainWaiters ??= new DrainWaiters();
    return this.#drainWaiters.wait();
  }

  /** Resolves to whether the peer gives a sign of life within `timeoutMs`. */
  probe(timeoutMs: number): Promise<boolean> {
    return this.#closed === undefined ? this.#link.probe(timeoutMs) : Promise.resolve(false);
  }

  ping(): void {
    this.lastPingMs = this.#clock.monotonic();
    this.#link.ping?.();
  }

  /**
   * Ends what takes too long; called by the sweep. Closes with 4408 if a message has begun and its
   * rest comes too slowly. Once the connection is closed, destroys a socket that has not gone after
   * 5 s, and after 1 s if the peer does not take the close frame or sends on and on.
   */
  endIfOverdue(nowMs: number, idleTimeoutMs: number): void {
    if (this.#closed !== undefined) {
      const closingMs = nowMs - this.#closedMs;
      if (closingMs >= closeTimeoutMs || (closingMs >= stuckTimeoutMs && this.#link.isStuck))
        this.#link.destroy();
    } else if (this.#link.isStalled?.(nowMs, idleTimeoutMs) === true) {
      this.close(
        "tooSlow",
        `a message was not complete after ${idleTimeoutMs} ms (limits.idleTimeoutMs)`,
      );
    }
  }

  /** Has `group` told when the connection ends, before its service hears of it. Does nothing once it has ended. */
  joined(group: Group): void {
    if (this.#closed !== undefined) return;
    this.#groups ??= new Set();
    this.#groups.add(group);
  }

  /** It is in `group` no more. */
  left(group: Group): void {
    if (this.#groups?.delete(group) && this.#groups.size === 0) this.#groups = undefined;
  }

  /** Shows `tap` each frame from now on, and the close. Does nothing once it has ended. Without a tap a frame costs one comparison more. */
  addTap(tap: Tap): void {
    if (this.#closed !== undefined) return;
    this.#taps ??= new Set();
    this.#taps.add(tap);
  }

  /** `tap` is shown nothing more. */
  removeTap(tap: Tap): void {
    if (this.#taps?.delete(tap) && this.#taps.size === 0) this.#taps = undefined;
  }

  /** Runs a service's first step with the connection before any of its messages. */
  handOver(open: () => void | Promise<void>): void {
    this.#inbox.run(open);
  }

  // What follows is called by the transport.

  /** A sign of life that is no message. */
  heard(): void {
    this.lastHeardMs = this.#clock.monotonic();
  }

  /**
   * A ping, a pong that nobody asked for, or the heartbeat of a client that cannot ping. No service
   * hears of it, but it counts against the rate like a message. True if it is to be answered.
   */
  receiveSignOfLife(): boolean {
    this.heard();
    return this.#closed === undefined && this.#isWithinRate();
  }

  /** A text frame. */
  receiveText(text: string, bytes: number): void {
    if (this.#taps !== undefined) for (const tap of this.#taps) tap.text(text, bytes);
    if (this.#admit(bytes)) this.#inbox.run(() => this.receiver.text(this, text), bytes);
  }

  /** An event of a transport with named events. `done` is called when it has been handled, well or badly. */
  receiveEvent(name: string, payload: unknown, bytes: number, done?: () => void): void {
    if (this.#taps !== undefined) for (const tap of this.#taps) tap.event(name, payload, bytes);
    if (!this.#admit(bytes)) return;
    this.#inbox.run(() => {
      try {
        const running = this.receiver.event(this, name, payload);
        if (running instanceof Promise) return running.finally(done);
      } catch (error) {
        done?.();
        throw error;
      }
      done?.();
    }, bytes);
  }

  /** A binary frame: none of our protocols speaks it. */
  receiveBinary(): void {
    this.close("binary", "binary frames are not spoken here: send JSON as text");
  }

  /** The socket's unsent bytes have left. */
  drained(): void {
    if (this.#link.unsentBytes === 0) {
      this.#drainWaiters?.socketDrained();
      if (this.#outbox.queuedBytes === 0) this.#drainWaiters?.releaseAll();
    }
    this.#outbox.drained();
    const { skipped } = this.#outbox;
    if (!this.opening.wantsSkipped || skipped === this.#toldSkipped) return;
    this.#toldSkipped = skipped;
    this.receiver.caughtUp(this, skipped);
  }

  /** The messages of one write, and what they came to on the wire. */
  wrote(messages: readonly Encoded[], bytes: number): void {
    const { tally } = this.receiver;
    tally.messagesOut += messages.length;
    tally.bytesOut += bytes;
    if (this.#taps !== undefined) for (const tap of this.#taps) tap.wrote(messages);
  }

  /** The peer's close frame has arrived, or the socket has gone. What was sent before leaves before the answering close frame. */
  peerClosed(code: number, reason: string): void {
    if (this.#closed !== undefined) return;
    this.#outbox.end();
    this.#finish({ code, reason, byServer: false });
  }

  #admit(bytes: number): boolean {
    this.lastHeardMs = this.#clock.monotonic();
    if (this.#closed !== undefined) return false;
    const { tally } = this.receiver;
    tally.messagesIn++;
    tally.bytesIn += bytes;
    if (!this.#isWithinRate()) return false;
    if (this.#inbox.isFull) {
      this.close(
        "overRate",
        "more messages waiting than limits.maxInbox: wait for answers and come back",
      );
      return false;
    }
    return true;
  }

  /** Takes one off the rate; closes if there is none left. */
  #isWithinRate(): boolean {
    if (this.#rate === undefined || this.#rate.take()) return true;
    this.close(
      "overRate",
      "more messages a second than limits.messagesPerSecond: slow down and come back",
    );
    return false;
  }

  #end(closed: Closed): void {
    if (this.#closed !== undefined) return;
    this.#finish(closed);
    this.#outbox.end();
    this.#link.close(closed.code, closed.reason);
  }

  #finish(closed: Closed): void {
    this.#closed = closed;
    this.#closedMs = this.#clock.monotonic();
    this.#drainWaiters?.releaseAll();
    const groups = this.#groups;
    this.#groups = undefined;
    for (const group of groups ?? []) group.drop(this);
    // Messages that came before the peer's close still count; those behind a close of ours do not.
    if (closed.byServer) this.#inbox.clear();
    // Not here: a slow client is closed in the midst of a publish, and what its service then publishes must not overtake that.
    queueMicrotask(() => {
      for (const tap of this.#taps ?? []) tap.closed(closed);
      this.#taps = undefined;
      this.#inbox.run(() => this.receiver.closed(this, closed));
    });
  }
}
