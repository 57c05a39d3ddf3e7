/** Rooms that have just emptied. */
import { expect, it } from "vitest";
import { keptMs, recentRooms } from "./recent-rooms.ts";
import type { Room } from "./room.ts";

const room = (lobby_id: string, ...users: string[]): Room => ({
  lobby_id,
  prompt_id: "1",
  users,
  host: null,
  since: users.map(() => 1),
  started_at: null,
});

it("keeps one that has emptied for a while, with its rows, and no longer", () => {
  const first = recentRooms([], [room("10", "ann", "ben"), room("11", "cleo")], 1000);
  expect(first.map(({ rows }) => rows)).toEqual([2, 1]);
  const second = recentRooms(first, [room("11", "cleo", "dan", "eve")], 2000);
  expect(second).toEqual([
    { ...room("11", "cleo", "dan", "eve"), seenAtMs: 2000, rows: 3 },
    { ...room("10"), seenAtMs: 1000, rows: 2 },
  ]);
  expect(
    recentRooms(second, [], 1000 + keptMs).map(({ lobby_id, rows }) => [lobby_id, rows]),
  ).toEqual([["11", 3]]);
});

it("takes one up again where its players come back", () => {
  const emptied = recentRooms(recentRooms([], [room("10", "ann", "ben")], 1000), [], 2000);
  expect(recentRooms(emptied, [room("10", "ann")], 3000)).toEqual([
    { ...room("10", "ann"), seenAtMs: 3000, rows: 2 },
  ]);
});

it("keeps no more than 50 empty ones, those that were seen last", () => {
  let rooms = recentRooms([], [], 0);
  for (let n = 0; n < 100; n++) rooms = recentRooms(rooms, [room(String(n), "ann")], n);
  rooms = recentRooms(rooms, [], 100);
  expect(rooms.length).toBe(50);
  expect(rooms[0]?.lobby_id).toBe("99");
});
