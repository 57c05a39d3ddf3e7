/** All open connections of the process: admission, pings, and the end of the silent and the no longer authenticated. */

import type { Limits } from "../contract/index.ts";
import type { CloseName } from "../wire/close-codes.ts";
import { ByteBudget } from "./byte-budget.ts";
import type { Clock, Timer } from "./clock.ts";
import { Connection, type ConnectionLimits, type Receiver } from "./connection.ts";
import type { Link, Opening } from "./link.ts";
import type { Authenticator } from "./principal.ts";
import { Rate } from "./rate.ts";
import type { Turn } from "./turn.ts";

/** Why a connection is not taken. */
export interface Refusal {
  readonly close: CloseName;
  readonly reason: string;
}

/** What a client holds that counts as a connection and is none yet. */
export interface Place {
  /** Gives it up; does nothing the second time. */
  release(): void;
}

/** What the table is made of. */
export interface ConnectionsParts {
  readonly clock: Clock;
  readonly turn: Turn;
  readonly limits: Limits;
  readonly authenticator: Authenticator;
  newId(): string;
}

/** How often every connection is looked at, at the least. */
const longestSweepMs = 1000;

/**
 * Refused connections of one address that may be open at once, to be told why. They count neither
 * as connections of the process nor of the address.
 */
const maxRefusedPerAddress = 64;

const restarts = "the server restarts: come back";

/** Most addresses whose rate is remembered; beyond it all are forgotten, which lets each of them one burst more. */
const maxAddresses = 100_000;

/** Opens connections within the process's limits and looks after them once a second. */
export class Connections {
  /** Bytes that are not yet a message: unfinished frames of all transports, and HTTP bodies. */
  readonly inputBudget: ByteBudget;
  readonly #parts: ConnectionsParts;
  readonly #open = new Set<Connection>();
  /** Those among them that were refused and have not gone. */
  readonly #refusedOpen = new Set<Connection>();
  readonly #byAddress = new Count();
  readonly #refusedByAddress = new Count();
  readonly #rates = new Map<string, Rate>();
  readonly #whenEmpty: (() => void)[] = [];
  #refused = 0;
  #held = 0;
  #draining = false;
  #sweep: Timer | undefined;

  constructor(parts: ConnectionsParts) {
    this.#parts = parts;
    const { maxInputBytes, maxInputBytesPerAddress } = parts.limits;
    this.inputBudget = new ByteBudget({
      total: maxInputBytes,
      perAddress: maxInputBytesPerAddress,
    });
    this.#schedule();
  }

  get turn(): Turn {
    return this.#parts.turn;
  }

  /** The process's limits. */
  get limits(): Limits {
    return this.#parts.limits;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Places of clients that have no connection yet. */
  get held(): number {
    return this.#held;
  }

  /** True once `drain` has been called. */
  get isDraining(): boolean {
    return this.#draining;
  }

  /** Connections that were not taken. */
  get refused(): number {
    return this.#refused;
  }

  [Symbol.iterator](): IterableIterator<Connection> {
    return this.#open.values();
  }

  /** Why a connection from this address cannot be taken now; undefined if it can. Counts against the address's rate. */
  refusal(address: string): Refusal | undefined {
    const refusal = this.#refusal(address);
    if (refusal !== undefined) this.#refused++;
    return refusal;
  }

  /**
   * True if not even a refusal can be told: twice `limits.maxConnections` are open, or 64 refused
   * connections of this address. To be asked before a socket is taken at all; a yes is counted as
   * refused.
   */
  flooded(address: string): boolean {
    const flooded =
      this.#open.size + this.#held >= 2 * this.#parts.limits.maxConnections ||
      this.#refusedByAddress.of(address) >= maxRefusedPerAddress;
    if (flooded) this.#refused++;
    return flooded;
  }

  /**
   * Takes a place for a client whose handshake has begun: it counts as a connection, of its address
   * and in all. To be released when the connection opens, or will not.
   */
  hold(address: string): Place {
    this.#held++;
    this.#byAddress.add(address, 1);
    let isHeld = true;
    return {
      release: () => {
        if (!isHeld) return;
        isHeld = false;
        this.#held--;
        this.#byAddress.add(address, -1);
      },
    };
  }

  /**
   * Registers an opened socket. `refused`: only to be closed with the reason. The transport calls
   * `gone` when the socket has gone.
   */
  open(
    opening: Opening,
    link: Link,
    receiver: Receiver,
    limits: ConnectionLimits,
    refused = false,
  ): Connection {
    const { newId, clock, turn } = this.#parts;
    const connection = new Connection(newId(), opening, link, receiver, limits, clock, turn);
    this.#open.add(connection);
    if (refused) this.#refusedOpen.add(connection);
    const count = refused ? this.#refusedByAddress : this.#byAddress;
    count.add(opening.address, 1);
    return connection;
  }

  /** The socket has gone, whoever closed it. */
  gone(connection: Connection): void {
    if (!this.#open.delete(connection)) return;
    if (this.#open.size === 0) for (const tell of this.#whenEmpty.splice(0)) tell();
    const refused = this.#refusedOpen.delete(connection);
    const count = refused ? this.#refusedByAddress : this.#byAddress;
    count.add(connection.opening.address, -1);
  }

  /** Closes every connection with 1012 and refuses new ones from now on. */
  drain(): void {
    this.#draining = true;
    for (const connection of this.#open) connection.close("restarting", restarts);
  }

  /** Resolves when no connection is open. */
  whenEmpty(): Promise<void> {
    return this.#open.size === 0
      ? Promise.resolve()
      : new Promise((resolve) => this.#whenEmpty.push(resolve));
  }

  /** Closes with 4401 whoever is no longer authenticated: called each second, and at once when tokens have changed. */
  recheck(): void {
    const { authenticator } = this.#parts;
    if (!authenticator.enabled) return;
    for (const connection of this.#open) {
      const { principal } = connection;
      if (principal !== undefined && !authenticator.stillGood(principal)) {
        connection.close(
          "unauthenticated",
          "the token has expired or was revoked: come back with a new one",
        );
      }
    }
  }

  /** No more sweeps. */
  stop(): void {
    this.#sweep?.cancel();
  }

  #refusal(address: string): Refusal | undefined {
    const { maxConnections, maxConnectionsPerAddress, connectsPerSecondPerAddress } =
      this.#parts.limits;
    if (this.#draining) return { close: "restarting", reason: restarts };
    if (this.#open.size + this.#held - this.#refusedOpen.size >= maxConnections) {
      return {
        close: "overCapacity",
        reason: `${maxConnections} connections are open (limits.maxConnections): come back later`,
      };
    }
    if (
      maxConnectionsPerAddress !== null &&
      this.#byAddress.of(address) >= maxConnectionsPerAddress
    ) {
      return {
        close: "overRate",
        reason: `${maxConnectionsPerAddress} connections of this address are open (limits.maxConnectionsPerAddress)`,
      };
    }
    if (
      connectsPerSecondPerAddress !== null &&
      !this.#rate(address, connectsPerSecondPerAddress).take()
    ) {
      return {
        close: "overRate",
        reason:
          "this address connects too often (limits.connectsPerSecondPerAddress): come back later",
      };
    }
    return undefined;
  }

  #rate(address: string, perSecond: number): Rate {
    let rate = this.#rates.get(address);
    if (rate === undefined) {
      if (this.#rates.size >= maxAddresses) this.#rates.clear();
      rate = new Rate(perSecond, this.#parts.clock);
      this.#rates.set(address, rate);
    }
    return rate;
  }

  #schedule(): void {
    const { pingIntervalMs, idleTimeoutMs, authTimeoutMs } = this.#parts.limits;
    const sweepMs = Math.min(
      longestSweepMs,
      pingIntervalMs / 2,
      idleTimeoutMs / 4,
      authTimeoutMs / 4,
    );
    this.#sweep = this.#parts.clock.after(sweepMs, () => {
      this.#lookAfterAll();
      this.#schedule();
    });
  }

  #lookAfterAll(): void {
    const { clock, limits, authenticator } = this.#parts;
    const nowMs = clock.monotonic();
    for (const connection of this.#open) {
      // One that is not read from cannot be heard.
      if (connection.isPaused) connection.heard();
      if (nowMs - connection.lastHeardMs > limits.idleTimeoutMs) connection.destroy("idle");
      else if (nowMs - connection.lastPingMs >= limits.pingIntervalMs) connection.ping();
      connection.endIfOverdue(nowMs, limits.idleTimeoutMs);
      if (
        authenticator.enabled &&
        connection.principal === undefined &&
        nowMs - connection.openedMs > limits.authTimeoutMs
      ) {
        connection.close(
          "unauthenticated",
          `did not authenticate within ${limits.authTimeoutMs} ms (limits.authTimeoutMs)`,
        );
      }
    }
    this.recheck();
    for (const [address, rate] of this.#rates) if (rate.full) this.#rates.delete(address);
  }
}

/** Counts by address; holds no entry for a count of 0. */
class Count {
  readonly #by = new Map<string, number>();

  of(address: string): number {
    return this.#by.get(address) ?? 0;
  }

  add(address: string, n: number): void {
    const count = this.of(address) + n;
    if (count > 0) this.#by.set(address, count);
    else this.#by.delete(address);
  }
}
