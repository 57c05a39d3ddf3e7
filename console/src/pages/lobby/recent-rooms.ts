/** Rooms that were seen lately: one whose players have just started stays for a while, so that nothing jumps and one sees that it started. Pure. */
import { placeKey, placeOf, type Room } from "./room.ts";

/** A room as it is now, or as it was when the last player left. */
export interface RecentRoom extends Room {
  /** When somebody was last seen waiting here, by this browser's clock. */
  readonly seenAtMs: number;
  /** As many as ever waited here since it is listed: so many rows it keeps. */
  readonly rows: number;
}

/** So long an empty room stays. */
export const keptMs = 60_000;
/** Of more empty rooms, those that were seen last stay. */
const maxEmpty = 50;

/** The rooms of an answer that came at `atMs`, and of those listed `before` the ones that have emptied not long ago. */
export function recentRooms(
  before: readonly RecentRoom[],
  rooms: readonly Room[],
  atMs: number,
): readonly RecentRoom[] {
  const known = new Map(before.map((room) => [placeKey(placeOf(room)), room]));
  const present = rooms.map((room) => {
    const key = placeKey(placeOf(room));
    const rows = Math.max(room.users.length, known.get(key)?.rows ?? 0);
    known.delete(key);
    return { ...room, seenAtMs: atMs, rows };
  });
  const emptied = [...known.values()]
    .filter(({ seenAtMs }) => atMs - seenAtMs < keptMs)
    .sort((a, b) => b.seenAtMs - a.seenAtMs)
    .slice(0, maxEmpty)
    .map((room) => ({ ...room, users: [], since: [], host: null }));
  return [...present, ...emptied];
}
