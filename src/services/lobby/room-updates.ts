/** When the waiting players of a room are told who waits: at once, or paced where the room is large. */
import type { Clock, Connection, Timer } from "../../kit/index.ts";

/** A group of a room's connections on this node, as a topic is. */
export interface Group {
  readonly size: number;
  join(connection: Connection): void;
  /** Sends the room's listing, as it is now, to every member. */
  publish(): void;
}

/** What the updates need from the service. */
export interface RoomUpdatesParts {
  readonly clock: Clock;
  /** Bytes of updates that a room may cost per second; half a second's worth may go at once. */
  readonly bytesPerSecond: number;
  /** A group of a room by number, from 0. */
  group(room: string, number: number): Group;
  /** About how many bytes one listing of the room has now. */
  listingBytes(room: string): number;
}

/** The connections of a room that are told in one go. */
export const groupSize = 32;

/** Where telling all players of a room costs more than this, a group is told at most every 500 ms. */
const largeBytes = 1 << 20;
const largeEveryMs = 500;

/** A room with players on this node. */
interface Pace {
  readonly groups: Group[];
  /** Groups that have not been told of the last change. */
  readonly due: Set<Group>;
  /** When each group was last told, by the monotonic clock. */
  readonly toldAtMs: Map<Group, number>;
  /** Bytes that may go now; negative while a large update is paid off. */
  allowance: number;
  /** When `allowance` was last filled up, by the monotonic clock. */
  filledAtMs: number;
  timer: Timer | undefined;
}

/**
 * Tells the players of a room of each change. An update goes out at once while the room's updates
 * stay within `bytesPerSecond`, which they do in rooms of up to about a hundred players: there each
 * join and leave is seen. Beyond it, groups of players are told one after another at that rate and
 * at most twice a second, each with the listing as it is then, so that a thousand joins cost no
 * more bytes than the time they take allows. Whoever was not told of a change is told of the newest listing as soon as the
 * rate allows it: within a second for a thousand players with short names.
 *
 * One timer per room at the most, and nothing per connection.
 */
export class RoomUpdates {
  readonly #parts: RoomUpdatesParts;
  readonly #paces = new Map<string, Pace>();

  constructor(parts: RoomUpdatesParts) {
    this.#parts = parts;
  }

  /** How many rooms have players here. */
  get size(): number {
    return this.#paces.size;
  }

  /** Adds a connection to those that are told. Does not tell it. */
  join(room: string, connection: Connection): void {
    const pace = this.#paces.get(room) ?? this.#newPace(room);
    if (pace.groups.length === 0) {
      pace.timer?.cancel();
      pace.timer = undefined;
    }
    let group = pace.groups.find(({ size }) => size < groupSize);
    if (group === undefined) {
      group = this.#parts.group(room, pace.groups.length);
      pace.groups.push(group);
    }
    group.join(connection);
  }

  /** How many groups a room has, for what all its players are told at once. */
  groupCount(room: string): number {
    return this.#paces.get(room)?.groups.length ?? 0;
  }

  /** The listing has changed. Returns whether every player here has been told of it by now. */
  changed(room: string): boolean {
    const pace = this.#paces.get(room);
    if (pace === undefined) return true;
    this.#drop(room, pace);
    for (const group of pace.groups) pace.due.add(group);
    if (pace.timer === undefined) this.#tell(room, pace);
    return pace.due.size === 0;
  }

  #newPace(room: string): Pace {
    const pace: Pace = {
      groups: [],
      due: new Set(),
      toldAtMs: new Map(),
      allowance: this.#most,
      filledAtMs: this.#parts.clock.monotonic(),
      timer: undefined,
    };
    this.#paces.set(room, pace);
    return pace;
  }

  get #most(): number {
    return this.#parts.bytesPerSecond / 2;
  }

  /** Forgets the last groups that are empty, and a room without groups. */
  #drop(room: string, pace: Pace): void {
    while (pace.groups.at(-1)?.size === 0) {
      const [group] = pace.groups.splice(-1);
      if (group === undefined) continue;
      pace.due.delete(group);
      pace.toldAtMs.delete(group);
    }
    if (pace.groups.length > 0) return;
    pace.timer?.cancel();
    pace.timer = undefined;
    // A room that is left and joined again at once has no fresh allowance.
    this.#fill(pace);
    if (pace.allowance >= this.#most) this.#paces.delete(room);
    else this.#wait(room, pace, 0);
  }

  #fill(pace: Pace): void {
    const now = this.#parts.clock.monotonic();
    const earned = ((now - pace.filledAtMs) / 1000) * this.#parts.bytesPerSecond;
    pace.allowance = Math.min(this.#most, pace.allowance + earned);
    pace.filledAtMs = now;
  }

  #tell(room: string, pace: Pace): void {
    this.#fill(pace);
    if (pace.allowance <= 0) {
      this.#wait(room, pace, 0);
      return;
    }
    const now = pace.filledAtMs;
    const bytes = this.#parts.listingBytes(room);
    const players = pace.groups.reduce((sum, { size }) => sum + size, 0);
    const everyMs = bytes * players > largeBytes ? largeEveryMs : 0;
    let earliestMs = 0;
    for (const group of pace.due) {
      const restMs = everyMs - (now - (pace.toldAtMs.get(group) ?? Number.NEGATIVE_INFINITY));
      if (restMs > 0) {
        earliestMs = earliestMs === 0 ? restMs : Math.min(earliestMs, restMs);
        continue;
      }
      if (pace.allowance <= 0) {
        earliestMs = 0;
        break;
      }
      pace.due.delete(group);
      if (group.size === 0) continue;
      group.publish();
      pace.toldAtMs.set(group, now);
      pace.allowance -= bytes * group.size;
    }
    if (pace.due.size > 0) this.#wait(room, pace, earliestMs);
  }

  /** Goes on when the allowance is paid off, and `leastMs` from now at the earliest. */
  #wait(room: string, pace: Pace, leastMs: number): void {
    const wanted = pace.groups.length === 0 ? this.#most : 0;
    const ms = ((wanted - pace.allowance) / this.#parts.bytesPerSecond) * 1000;
    pace.timer = this.#parts.clock.after(Math.max(leastMs, Math.ceil(ms) + 1), () => {
      pace.timer = undefined;
      this.#drop(room, pace);
      if (this.#paces.get(room) === pace && pace.timer === undefined) this.#tell(room, pace);
    });
  }
}
