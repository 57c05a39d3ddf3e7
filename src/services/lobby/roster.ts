/** Who waits in which room, on all nodes: folded from the leases that players hold. */
import { z } from "zod";
import type { LeaseChange } from "../../kit/index.ts";

/** What a player's lease says. */
export interface Seat {
  readonly lobby: string;
  readonly prompt: string;
  readonly name: string;
  /** ms since 1970 of the join. */
  readonly since: number;
  /** Digest of the player's resume secret. */
  readonly resume?: string;
  /** With auth on: the player's token has the host role for the lobby. */
  readonly host?: boolean;
  /** The place in the order of joining, once the seat has changed hands; before that the lease's fence is. */
  readonly place?: number;
}

const seatSchema = z.object({
  lobby: z.string(),
  prompt: z.string(),
  name: z.string(),
  since: z.number(),
  resume: z.exactOptional(z.string()),
  host: z.exactOptional(z.boolean()),
  place: z.exactOptional(z.number()),
});

/** A seat that is held. */
export interface Member {
  readonly key: string;
  readonly fence: number;
  readonly seat: Seat;
  /** Later joins have larger places, on every node alike. */
  readonly place: number;
}

/** One room: a lobby's prompt. */
export interface Room {
  readonly lobby: string;
  readonly prompt: string;
  /** In the order of joining. */
  readonly members: readonly Member[];
}

/** A room as it is kept: changed in place, so that a join does not copy a thousand members. */
interface KeptRoom extends Room {
  readonly members: Member[];
  readonly names: Set<string>;
}

/** The rooms in which somebody waits. */
export class Roster {
  readonly #rooms = new Map<string, KeptRoom>();
  readonly #members = new Map<string, Member>();

  /** Takes a change of a lease in; returns the room whose listing it changed, if it did. A repeated or older change does nothing. */
  apply({ key, holder }: LeaseChange): string | undefined {
    const before = this.#members.get(key);
    if (holder === null) return before === undefined ? undefined : this.#remove(before);
    if (before !== undefined && before.fence >= holder.fence) return undefined;
    const seat = seatSchema.parse(JSON.parse(holder.value));
    const member: Member = { key, fence: holder.fence, seat, place: seat.place ?? holder.fence };
    if (before === undefined) return this.#add(member);
    const room = this.#replace(before, member);
    return looksTheSame(before, member) ? undefined : room;
  }

  /** Those who wait, in the order of joining. Valid until the next change. */
  members(room: string): readonly Member[] {
    return this.#rooms.get(room)?.members ?? [];
  }

  /** Whether somebody in the room has this name. */
  isTaken(room: string, name: string): boolean {
    return this.#rooms.get(room)?.names.has(name) ?? false;
  }

  rooms(): IterableIterator<Room> {
    return this.#rooms.values();
  }

  #add(member: Member): string {
    const { lobby, prompt, name } = member.seat;
    const id = roomOf(lobby, prompt);
    let room = this.#rooms.get(id);
    if (room === undefined) {
      room = { lobby, prompt, members: [], names: new Set() };
      this.#rooms.set(id, room);
    }
    room.members.splice(indexOf(room.members, member.place + 1), 0, member);
    room.names.add(name);
    this.#members.set(member.key, member);
    return id;
  }

  #remove(member: Member): string {
    const id = roomOf(member.seat.lobby, member.seat.prompt);
    this.#members.delete(member.key);
    const room = this.#rooms.get(id);
    if (room === undefined) return id;
    const index = room.members.indexOf(member, indexOf(room.members, member.place));
    if (index !== -1) room.members.splice(index, 1);
    room.names.delete(member.seat.name);
    if (room.members.length === 0) this.#rooms.delete(id);
    return id;
  }

  #replace(before: Member, after: Member): string {
    this.#remove(before);
    return this.#add(after);
  }
}

/** Where the first member is whose place is not before `place`. */
function indexOf(members: readonly Member[], place: number): number {
  let low = 0;
  let high = members.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((members[middle]?.place ?? 0) < place) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The name of a room. Ids cannot run into each other. */
export function roomOf(lobby: string, prompt: string): string {
  return JSON.stringify([lobby, prompt]);
}

function looksTheSame(a: Member, b: Member): boolean {
  return (
    a.seat.name === b.seat.name &&
    a.seat.since === b.seat.since &&
    a.place === b.place &&
    a.seat.host === b.seat.host
  );
}
