/** Under which name a server lists a player. Pure. */
import type { LobbyPlayers } from "./lobby-messages.ts";

/** A name in a list, and since when it is there where the server says so. */
export interface Listed {
  readonly name: string;
  readonly sinceMs: number | undefined;
}

/**
 * Who `user` is in the first list after its join. A name is given once, so it may be `also dan`, and the protocol does not say: who is still there
 * since the same time has kept the place (`before`); else it is the last of those who could be, as lists are in the order of joining. Wrong only where
 * two of one name join in the same moment.
 */
export function ownListing(
  user: string,
  { users, since }: LobbyPlayers,
  before: Listed | undefined,
): Listed | undefined {
  const kept = before === undefined ? -1 : users.indexOf(before.name);
  if (kept >= 0 && before?.sinceMs !== undefined && since?.[kept] === before.sinceMs) return before;
  const last = users.findLastIndex((name) => isNameOf(name, user));
  const name = users[last];
  return name === undefined ? undefined : { name, sinceMs: since?.[last] };
}

/** True for `user` and every `also … user`. */
function isNameOf(name: string, user: string): boolean {
  return name.endsWith(user) && /^(?:also )*$/.test(name.slice(0, name.length - user.length));
}
