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

/** The rooms in which somebody waits. */
export class Roster {
  readonly #rooms = new Map<string, Room>();
  readonly #roomOf = new Map<string, string>();

  /** Takes a change of a lease in; returns the room whose listing it changed, if it did. A repeated or older change does nothing. */
  apply({ key, holder }: LeaseChange): string | undefined {
    const before = this.member(key);
    if (holder === null) return before === undefined ? undefined : this.#remove(before);
    if (before !== undefined && before.fence >= holder.fence) return undefined;
    const seat = seatSchema.parse(JSON.parse(holder.value));
    const member: Member = { key, fence: holder.fence, seat, place: seat.place ?? holder.fence };
    if (before === undefined) return this.#add(member);
    const room = this.#replace(before, member);
    return looksTheSame(before, member) ? undefined : room;
  }

  /** The holder of a seat. */
  member(key: string): Member | undefined {
    const room = this.#roomOf.get(key);
    return room === undefined
      ? undefined
      : this.#rooms.get(room)?.members.find((member) => member.key === key);
  }

  members(room: string): readonly Member[] {
    return this.#rooms.get(room)?.members ?? [];
  }

  rooms(): IterableIterator<Room> {
    return this.#rooms.values();
  }

  #add(member: Member): string {
    const room = roomOf(member.seat.lobby, member.seat.prompt);
    const members = [...this.members(room), member].sort((a, b) => a.place - b.place);
    this.#rooms.set(room, { lobby: member.seat.lobby, prompt: member.seat.prompt, members });
    this.#roomOf.set(member.key, room);
    return room;
  }

  #remove(member: Member): string {
    const name = roomOf(member.seat.lobby, member.seat.prompt);
    const members = this.members(name).filter((other) => other.key !== member.key);
    this.#roomOf.delete(member.key);
    if (members.length === 0) this.#rooms.delete(name);
    else this.#rooms.set(name, { lobby: member.seat.lobby, prompt: member.seat.prompt, members });
    return name;
  }

  #replace(before: Member, after: Member): string {
    this.#remove(before);
    return this.#add(after);
  }
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
