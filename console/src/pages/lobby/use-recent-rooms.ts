/** The rooms of the lobby page, over several answers. */
import { useState } from "react";
import type { Polled } from "../../parts/use-polled.ts";
import { type RecentRoom, recentRooms } from "./recent-rooms.ts";
import type { Room } from "./room.ts";

/** Undefined until the first answer. */
export function useRecentRooms({
  data,
  atMs,
}: Polled<readonly Room[]>): readonly RecentRoom[] | undefined {
  const [known, setKnown] = useState<{
    readonly atMs: number;
    readonly rooms: readonly RecentRoom[];
  }>();
  if (data === undefined || atMs === undefined) return known?.rooms;
  if (known?.atMs === atMs) return known.rooms;
  const rooms = recentRooms(known?.rooms ?? [], data, atMs);
  // While it renders: React takes it up at once, before anything is drawn.
  setKnown({ atMs, rooms });
  return rooms;
}
