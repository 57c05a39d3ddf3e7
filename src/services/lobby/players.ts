/** The waiting players of this node: their seats, their grace time, the way back. */
import { createHash } from "node:crypto";
import {
  type AcquireOptions,
  type Clock,
  type Connection,
  type Lease,
  type Leases,
  SwitchboardError,
  type Timer,
} from "../../kit/index.ts";
import { type Member, type Roster, roomOf, type Seat } from "./roster.ts";
import { freeName, resumable } from "./rules.ts";

/** A player who waits on this node, or who dropped and may come back. */
export interface Player {
  readonly room: string;
  readonly lease: Lease;
  readonly resume: string | undefined;
  /** Undefined during the grace time. */
  connection: Connection | undefined;
  grace: Timer | undefined;
}

/** What somebody says who wants to wait. */
export interface Wish {
  readonly lobby: string;
  readonly prompt: string;
  readonly user: string;
  readonly resume: string | undefined;
  readonly host: boolean;
}

/** What the players need from the service. */
export interface PlayersParts {
  readonly leases: Leases;
  readonly clock: Clock;
  readonly roster: Roster;
  readonly graceMs: number;
  readonly maxPlayers: number;
  /** A connection lost its seat to another one, or with its node's session. */
  evicted(connection: Connection, why: "stolen" | "session"): void;
  /** Runs work that nobody waits for. */
  background(work: () => Promise<void>): void;
}

/** So often a name may be taken before a player is turned away: each time it grows by `also `. */
const maxSameName = 100;

/** Each waiting player holds a lease whose key is the room and the name, so that a name is given once over all nodes. */
export class Players {
  readonly #parts: PlayersParts;
  readonly #byConnection = new Map<Connection, Player>();
  readonly #byKey = new Map<string, Player>();

  constructor(parts: PlayersParts) {
    this.#parts = parts;
  }

  of(connection: Connection): Player | undefined {
    return this.#byConnection.get(connection);
  }

  /** Seats a connection: in its old place if it shows the secret of a player who is known, else last, under a free name. */
  async seat(connection: Connection, wish: Wish): Promise<Player> {
    const resume = wish.resume === undefined ? undefined : digest(wish.resume);
    const room = roomOf(wish.lobby, wish.prompt);
    const held = resumable(this.#parts.roster.members(room), wish.user, resume);
    const resumed = held === undefined ? undefined : await this.#resume(connection, room, held);
    return resumed ?? this.#join(connection, wish, room, resume);
  }

  /** The connection has ended: its player leaves, or keeps the seat for the grace time. */
  drop(connection: Connection): void {
    const player = this.#byConnection.get(connection);
    if (player === undefined) return;
    this.#byConnection.delete(connection);
    player.connection = undefined;
    const { graceMs, clock } = this.#parts;
    if (player.resume === undefined || graceMs === 0) this.#leave(player);
    else player.grace = clock.after(graceMs, () => this.#leave(player));
  }

  async #join(
    connection: Connection,
    wish: Wish,
    room: string,
    resume: string | undefined,
  ): Promise<Player> {
    const { roster, clock, maxPlayers } = this.#parts;
    if (roster.members(room).length >= maxPlayers)
      throw new SwitchboardError(
        "over_capacity",
        `${maxPlayers} players wait here already (services.lobby.maxPlayers)`,
      );
    /** Names that others got while this one asked for them. */
    const lost = new Set<string>();
    const taken = { has: (name: string) => lost.has(name) || roster.isTaken(room, name) };
    for (;;) {
      const name = freeName(wish.user, taken, maxSameName);
      if (name === undefined) break;
      const seat: Seat = {
        lobby: wish.lobby,
        prompt: wish.prompt,
        name,
        since: clock.now(),
        ...(resume === undefined ? {} : { resume }),
        ...(wish.host ? { host: true } : {}),
      };
      const lease = await this.#acquire(seatKey(wish.lobby, wish.prompt, name), seat, {});
      if (lease !== undefined) return this.#add(connection, room, lease, resume);
      lost.add(name);
    }
    throw new SwitchboardError(
      "over_capacity",
      `${maxSameName} players are called ${JSON.stringify(wish.user)} here already: choose another name`,
    );
  }

  /** Undefined when somebody else was quicker: the seat is then no longer there to come back to. */
  async #resume(connection: Connection, room: string, held: Member): Promise<Player | undefined> {
    const here = this.#byKey.get(held.key);
    if (here === undefined) {
      const lease = await this.#acquire(
        held.key,
        { ...held.seat, place: held.place },
        { steal: true, stealFence: held.fence },
      );
      return lease === undefined ? undefined : this.#add(connection, room, lease, held.seat.resume);
    }
    here.grace?.cancel();
    here.grace = undefined;
    const before = here.connection;
    here.connection = connection;
    this.#byConnection.set(connection, here);
    if (before !== undefined) this.#evict(before, "stolen");
    return here;
  }

  async #acquire(key: string, seat: Seat, options: AcquireOptions): Promise<Lease | undefined> {
    const acquired = await this.#parts.leases.acquire(key, JSON.stringify(seat), {
      ...options,
      lost: (why) => this.#lost(key, why),
    });
    return "lease" in acquired ? acquired.lease : undefined;
  }

  #add(connection: Connection, room: string, lease: Lease, resume: string | undefined): Player {
    const player: Player = { room, lease, resume, connection, grace: undefined };
    this.#byKey.set(lease.key, player);
    this.#byConnection.set(connection, player);
    return player;
  }

  #lost(key: string, why: "stolen" | "session"): void {
    const player = this.#byKey.get(key);
    this.#byKey.delete(key);
    player?.grace?.cancel();
    if (player?.connection !== undefined) this.#evict(player.connection, why);
  }

  #evict(connection: Connection, why: "stolen" | "session"): void {
    this.#byConnection.delete(connection);
    this.#parts.evicted(connection, why);
  }

  #leave(player: Player): void {
    this.#byKey.delete(player.lease.key);
    this.#parts.background(() => player.lease.release());
  }
}

/** The lease of a name in a room; long names have keys of bounded length. */
function seatKey(lobby: string, prompt: string, name: string): string {
  return `lobby.${digest(lobby)}.${digest(prompt)}.${digest(name)}`;
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("base64url").slice(0, 22);
}
