import { describe, expect, it } from "vitest";
import { idProblem, isSamePlace, placeKey, type Room, roomsShown, waitingIn } from "./room.ts";

const room = (lobby_id: string, prompt_id: string, ...users: string[]): Room => ({
  lobby_id,
  prompt_id,
  users,
  host: null,
  since: users.map((_, at) => 1000 + at),
  started_at: null,
});

describe("roomsShown", () => {
  const rooms = [
    room("10", "11", "ann"),
    room("final", "1", "cleo"),
    room("10", "2", "Ben"),
    room("9", "1", "dev"),
  ];
  const keys = (shown: readonly Room[]) =>
    shown.map(({ lobby_id, prompt_id }) => `${lobby_id}/${prompt_id}`);

  it("orders numbers as numbers, whatever order they come in", () => {
    const ordered = ["9/1", "10/2", "10/11", "final/1"];
    expect(keys(roomsShown(rooms, ""))).toEqual(ordered);
    expect(keys(roomsShown([...rooms].reverse(), ""))).toEqual(ordered);
  });

  it("finds a lobby, a prompt, and players by a part of the name", () => {
    expect(keys(roomsShown(rooms, " 10 "))).toEqual(["10/2", "10/11"]);
    expect(keys(roomsShown(rooms, "1"))).toEqual(["9/1", "final/1"]);
    expect(keys(roomsShown(rooms, "BE"))).toEqual(["10/2"]);
    expect(roomsShown(rooms, "nobody")).toEqual([]);
  });
});

describe("waitingIn", () => {
  it("numbers the players, and marks the host", () => {
    expect(waitingIn({ ...room("1", "1", "ann", "ben"), host: "ben" })).toEqual([
      { place: 1, name: "ann", sinceMs: 1000, isHost: false },
      { place: 2, name: "ben", sinceMs: 1001, isHost: true },
    ]);
  });

  it("takes a list without times or host", () => {
    expect(waitingIn({ users: ["ann"] })).toEqual([
      { place: 1, name: "ann", sinceMs: undefined, isHost: false },
    ]);
  });
});

it("tells places apart", () => {
  expect(placeKey({ lobby: "1,2", prompt: "3" })).not.toBe(placeKey({ lobby: "1", prompt: "2,3" }));
  expect(isSamePlace({ lobby: "1", prompt: "2" }, { lobby: "1", prompt: "2" })).toBe(true);
  expect(isSamePlace(undefined, { lobby: "1", prompt: "2" })).toBe(false);
});

it("says what is wrong with an id", () => {
  expect([idProblem("10"), idProblem(" "), idProblem("x".repeat(201))]).toEqual([
    undefined,
    "Give a number or a word",
    "At most 200 characters",
  ]);
});
