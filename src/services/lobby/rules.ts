/** The lobby's rules: names, hosts, starts. Pure. */
import type { Member } from "./roster.ts";

/**
 * Who may start: `anyone` who waits, the `first` to have joined, or a player whose token has the host `role`, which is the rule
 * whenever auth is on.
 */
export type HostRule = "anyone" | "first" | "role";

/** What is told of a room. */
export interface Listing {
  readonly users: string[];
  readonly host: string | null;
  readonly since: number[];
}

/** A start that was given. */
export interface Start {
  readonly at: number;
  readonly in?: number;
}

/**
 * A name is given once in a room: the second `dan` is `also dan`, the third `also also dan`. Of the free ones, the shortest;
 * undefined when the first `most` are taken.
 */
export function freeName(
  user: string,
  taken: Pick<ReadonlySet<string>, "has">,
  most: number,
): string | undefined {
  let name = user;
  for (let count = 0; count < most; count++) {
    if (!taken.has(name)) return name;
    name = `also ${name}`;
  }
  return undefined;
}

/** The member who may start; null where everybody may, or nobody. The same on every node, since all have one order. */
export function hostOf(members: readonly Member[], rule: HostRule): Member | null {
  if (rule === "anyone") return null;
  if (rule === "first") return members[0] ?? null;
  return members.find((member) => member.seat.host === true) ?? null;
}

/** What the waiting players of a room are told. */
export function listing(members: readonly Member[], rule: HostRule): Listing {
  return {
    users: members.map((member) => member.seat.name),
    host: hostOf(members, rule)?.seat.name ?? null,
    since: members.map((member) => member.seat.since),
  };
}

/** About how long the text of a listing is. */
export function listingBytes(members: readonly Member[]): number {
  let bytes = 40;
  for (const { seat } of members) bytes += seat.name.length + 17;
  return bytes;
}

/** Whether a waiting player may start. With the rule `role` the contract has asked its token already. */
export function mayStart(members: readonly Member[], key: string, rule: HostRule): boolean {
  return rule === "first" ? hostOf(members, rule)?.key === key : true;
}

/** Whether a joiner at `now` is still told of a start. */
export function isRecent(start: Start, now: number, lateMs: number): boolean {
  return now - start.at < lateMs;
}

/** Drops the starts that nobody is told of any more. `starts` is in the order of starting. */
export function forgetOld(starts: Map<string, Start>, now: number, lateMs: number): void {
  for (const [room, start] of starts) {
    if (isRecent(start, now, lateMs)) return;
    starts.delete(room);
  }
}

/** The member that a returning player was, by its secret's digest; undefined if it has none or its grace time is over. */
export function resumable(
  members: readonly Member[],
  user: string,
  resume: string | undefined,
): Member | undefined {
  if (resume === undefined) return undefined;
  return members.find(
    (member) => member.seat.resume === resume && isNameOf(member.seat.name, user),
  );
}

/** True for `user` and every `also … user`. */
function isNameOf(name: string, user: string): boolean {
  return name.endsWith(user) && /^(?:also )*$/.test(name.slice(0, name.length - user.length));
}
