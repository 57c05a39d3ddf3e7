/** The monitors that are connected to this node: how they get their id, and how they lose it. */
import type { AcquireOptions, Clock, Connection, Holder, Lease, Leases } from "../../kit/index.ts";
import { leaseKey } from "./monitor-id.ts";
import type { NodeCalls } from "./node-calls.ts";
import { placeOf, printPlace } from "./roster.ts";

/** A monitor on this node. */
export interface Seat {
  readonly monitorId: string;
  readonly subject: string;
  readonly connection: Connection;
  readonly lease: Lease;
}

/** What the monitors need. */
export interface MonitorsParts {
  readonly leases: Leases;
  readonly session: string;
  readonly clock: Clock;
  readonly probeMs: number;
  readonly takeoverMs: number;
  readonly calls: Pick<NodeCalls, "ask">;
  /** Resolves when this node knows what the nodes before have handed over. */
  caughtUp(subject: string): Promise<void>;
  /** Called as soon as a monitor has its id, before anything is handed over to it. */
  seated(seat: Seat): void;
  /** Settles what is in the hands of a monitor that has dropped. */
  dropped(subject: string): Promise<void>;
  /** A connection lost its id: to another one (it is dead, or its node was silent), or with its node's session. */
  evicted(connection: Connection, why: "stolen" | "session"): void;
}

/** A node's answer to a question takes so much longer than the probe that it is about. */
const answerAllowanceMs = 1000;

/**
 * A monitor holds the lease of its id. A node settles what was in a monitor's hands before it gives up the lease, so that whoever
 * gets the lease next finds no command in hand, except after the death or silence of the node before: those commands it keeps.
 */
export class Monitors {
  readonly #parts: MonitorsParts;
  readonly #bySubject = new Map<string, Seat>();
  readonly #byConnection = new Map<string, Seat>();
  /** Seats whose commands are being settled, by connection. */
  readonly #leaving = new Map<string, Promise<void>>();
  /** One registration at a time for each subject. */
  readonly #registering = new Map<string, Promise<void>>();
  /** The same by connection: it may have the lease and not yet be seated. */
  readonly #arriving = new Map<string, Promise<void>>();

  constructor(parts: MonitorsParts) {
    this.#parts = parts;
  }

  of(connection: Connection): Seat | undefined {
    return this.#byConnection.get(connection.id);
  }

  byConnection(id: string): Seat | undefined {
    return this.#byConnection.get(id);
  }

  at(subject: string): Seat | undefined {
    return this.#bySubject.get(subject);
  }

  /** Gives the connection the id; resolves to false if a monitor that is alive has it. May take as long as `takeoverMs`. */
  async register(connection: Connection, monitorId: string, subject: string): Promise<boolean> {
    const before = this.#registering.get(subject);
    const registering = (before ?? Promise.resolve()).then(() =>
      this.#acquire(connection, monitorId, subject),
    );
    const settled = registering.then(
      () => {},
      () => {},
    );
    this.#registering.set(subject, settled);
    this.#arriving.set(connection.id, settled);
    await settled;
    this.#arriving.delete(connection.id);
    if (this.#registering.get(subject) === settled) this.#registering.delete(subject);
    return registering;
  }

  /**
   * The connection has ended, or changes its id. `dropped` false: by our doing, so that the monitor keeps what is in its hands.
   * Resolves when that is settled and the id is free.
   */
  async leave(connection: Connection, dropped: boolean): Promise<void> {
    const seat = this.#byConnection.get(connection.id);
    await (seat === undefined ? this.#leaving.get(connection.id) : this.#leave(seat, dropped));
  }

  /** Whether a connection of this node is alive; if not, it is closed and its monitor has left when this resolves. */
  async isAlive(connectionId: string): Promise<boolean> {
    await this.#arriving.get(connectionId);
    const seat = this.#byConnection.get(connectionId);
    if (
      seat !== undefined &&
      (await seat.connection.probe(this.#parts.probeMs)) &&
      !seat.connection.isClosed
    )
      return true;
    if (this.#byConnection.get(connectionId) !== seat || seat === undefined) {
      // It has left by itself, or is about to.
      await this.#leaving.get(connectionId);
      return false;
    }
    // One that we are closing, as in a restart, has not dropped.
    const leaving = this.#leave(seat, !seat.connection.isClosedByServer);
    this.#parts.evicted(seat.connection, "stolen");
    await leaving;
    return false;
  }

  /** ms since 1970 at which each of these connections was last heard, of those that are here. */
  lastHeard(connectionIds: readonly string[]): Record<string, number> {
    const { clock } = this.#parts;
    const offsetMs = clock.now() - clock.monotonic();
    const seats = connectionIds
      .map((id) => this.#byConnection.get(id))
      .filter((seat) => seat !== undefined);
    return Object.fromEntries(
      seats.map(({ connection }) => [connection.id, Math.round(offsetMs + connection.lastHeardMs)]),
    );
  }

  async #acquire(connection: Connection, monitorId: string, subject: string): Promise<boolean> {
    const { leases, clock, takeoverMs, caughtUp } = this.#parts;
    const giveUpAtMs = clock.monotonic() + takeoverMs;
    let options: AcquireOptions = {};
    for (;;) {
      const value = printPlace({
        monitor_id: monitorId,
        connection: connection.id,
        since: clock.now(),
      });
      let isLost = false;
      const lost = (why: "stolen" | "session") => {
        isLost = true;
        this.#lost(connection, why);
      };
      const acquired = await leases.acquire(leaseKey(subject), value, { ...options, lost });
      if ("lease" in acquired) {
        await caughtUp(subject).catch(async (error) => {
          await acquired.lease.release();
          throw error;
        });
        if (!isLost) this.#add({ monitorId, subject, connection, lease: acquired.lease });
        return !isLost;
      }
      if (connection.isClosed) return false;
      const fate = await this.#fateOf(acquired.holder);
      if (fate === "alive") return false;
      // A silent node is asked again until its session has ended; one that goes on in silence is not waited for any longer.
      const steal = fate === "gone" || clock.monotonic() >= giveUpAtMs;
      options = steal ? { steal: true, stealFence: acquired.holder.fence } : {};
    }
  }

  async #fateOf(holder: Holder): Promise<"alive" | "gone" | "silent"> {
    const { session, calls, probeMs } = this.#parts;
    const { connection } = placeOf(holder);
    if (holder.session === session) return (await this.isAlive(connection)) ? "alive" : "gone";
    const answer = await calls.ask(
      holder.session,
      { ask: "alive", connection },
      probeMs + answerAllowanceMs,
    );
    if (answer === undefined) return "silent";
    return answer.alive === true ? "alive" : "gone";
  }

  #add(seat: Seat): void {
    this.#bySubject.set(seat.subject, seat);
    this.#byConnection.set(seat.connection.id, seat);
    this.#parts.seated(seat);
  }

  #remove(seat: Seat): void {
    if (this.#bySubject.get(seat.subject) === seat) this.#bySubject.delete(seat.subject);
    this.#byConnection.delete(seat.connection.id);
  }

  #leave(seat: Seat, dropped: boolean): Promise<void> {
    this.#remove(seat);
    const leaving = this.#settle(seat, dropped).finally(() =>
      this.#leaving.delete(seat.connection.id),
    );
    this.#leaving.set(seat.connection.id, leaving);
    return leaving;
  }

  async #settle(seat: Seat, dropped: boolean): Promise<void> {
    try {
      if (dropped) await this.#parts.dropped(seat.subject);
    } finally {
      await seat.lease.release();
    }
  }

  #lost(connection: Connection, why: "stolen" | "session"): void {
    const seat = this.#byConnection.get(connection.id);
    if (seat !== undefined) this.#remove(seat);
    this.#parts.evicted(connection, why);
  }
}
