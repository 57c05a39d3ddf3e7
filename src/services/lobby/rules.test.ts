/** The lobby's pure rules, against recounts. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Holder } from "../../kit/index.ts";
import { Roster, roomOf, type Seat } from "./roster.ts";
import { forgetOld, freeName, hostOf, listing, resumable, type Start } from "./rules.ts";

const most = 100;

describe("freeName", () => {
  it("gives each player of one name its own, also NAME for each one more, and gives a freed name again", () => {
    const steps = fc.array(
      fc.oneof(
        { weight: 3, arbitrary: fc.constant("join" as const) },
        { weight: 2, arbitrary: fc.nat(20) },
      ),
      {
        maxLength: 60,
      },
    );
    fc.assert(
      fc.property(fc.string({ maxLength: 10 }), steps, (user, changes) => {
        const taken = new Set<string>();
        for (const change of changes) {
          if (change === "join") {
            const name = freeName(user, taken, most);
            expect(name).toBeDefined();
            if (name === undefined) return;
            const depth = (name.length - user.length) / "also ".length;
            expect(name).toBe("also ".repeat(depth) + user);
            expect(taken.has(name)).toBe(false);
            for (let i = 0; i < depth; i++) expect(taken.has("also ".repeat(i) + user)).toBe(true);
            taken.add(name);
          } else {
            const gone = [...taken][change % Math.max(1, taken.size)];
            if (gone !== undefined) taken.delete(gone);
          }
        }
      }),
    );
  });

  it("gives up when too many have the name", () => {
    const taken = new Set(Array.from({ length: 3 }, (_, i) => `${"also ".repeat(i)}dan`));
    expect(freeName("dan", taken, 3)).toBeUndefined();
    expect(freeName("dan", taken, 4)).toBe("also also also dan");
  });
});

interface Step {
  readonly player: number;
  readonly room: number;
  readonly does: "join" | "leave" | "move" | "repeat";
}

describe("Roster", () => {
  const step: fc.Arbitrary<Step> = fc.record({
    player: fc.nat(7),
    room: fc.nat(2),
    does: fc.constantFrom("join", "leave", "move", "repeat"),
  });

  it("lists who waits in the order of joining, whatever is told twice, and says when a listing changed", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const roster = new Roster();
        const model = new Map<string, { holder: Holder; place: number }>();
        let fence = 0;
        for (const { player, room, does } of steps) {
          const key = `lobby.${room}.${player}`;
          const held = model.get(key);
          const seat: Seat = {
            lobby: "10",
            prompt: String(room),
            name: `p${player}`,
            since: fence,
          };
          if (does === "join" && held === undefined) {
            const holder: Holder = {
              key,
              value: JSON.stringify(seat),
              fence: ++fence,
              session: "s",
            };
            model.set(key, { holder, place: fence });
            expect(roster.apply({ key, holder })).toBe(roomOf("10", String(room)));
          } else if (does === "leave") {
            model.delete(key);
            expect(roster.apply({ key, holder: null })).toBe(
              held === undefined ? undefined : roomOf("10", String(room)),
            );
          } else if (does === "move" && held !== undefined) {
            const before = JSON.parse(held.holder.value) as Seat;
            const holder: Holder = {
              ...held.holder,
              value: JSON.stringify({ ...before, place: held.place }),
              fence: ++fence,
            };
            model.set(key, { holder, place: held.place });
            expect(roster.apply({ key, holder })).toBeUndefined();
          } else if (does === "repeat" && held !== undefined) {
            expect(roster.apply({ key, holder: held.holder })).toBeUndefined();
          }
          for (const each of [0, 1, 2]) {
            const expected = [...model]
              .filter(([name]) => name.startsWith(`lobby.${each}.`))
              .sort(([, a], [, b]) => a.place - b.place);
            const told = listing(roster.members(roomOf("10", String(each))), "first");
            expect(told.users).toEqual(expected.map(([name]) => `p${name.split(".")[2]}`));
            expect(told.host).toBe(told.users[0] ?? null);
            expect(told.since).toHaveLength(told.users.length);
          }
        }
        expect([...roster.rooms()].length).toBe(
          new Set([...model.keys()].map((key) => key.split(".")[1])).size,
        );
      }),
    );
  });
});

describe("hosts", () => {
  const member = (place: number, host: boolean) => ({
    key: `k${place}`,
    fence: place,
    place,
    seat: { lobby: "1", prompt: "1", name: `p${place}`, since: place, ...(host ? { host } : {}) },
  });

  it("is nobody in particular, the first, or the first with the role", () => {
    const members = [member(1, false), member(2, true), member(3, true)];
    expect(hostOf(members, "anyone")).toBeNull();
    expect(hostOf(members, "first")?.key).toBe("k1");
    expect(hostOf(members, "role")?.key).toBe("k2");
    expect(hostOf([member(1, false)], "role")).toBeNull();
  });
});

describe("resumable", () => {
  const members = [
    {
      key: "a",
      fence: 1,
      place: 1,
      seat: { lobby: "1", prompt: "1", name: "dan", since: 1, resume: "secret" },
    },
    {
      key: "b",
      fence: 2,
      place: 2,
      seat: { lobby: "1", prompt: "1", name: "also dan", since: 1, resume: "other" },
    },
  ];

  it("finds the seat by secret and name together, also behind `also`", () => {
    expect(resumable(members, "dan", "secret")?.key).toBe("a");
    expect(resumable(members, "dan", "other")?.key).toBe("b");
    expect(resumable(members, "eve", "secret")).toBeUndefined();
    expect(resumable(members, "an", "secret")).toBeUndefined();
    expect(resumable(members, "dan", undefined)).toBeUndefined();
    expect(resumable(members, "dan", "wrong")).toBeUndefined();
  });
});

describe("forgetOld", () => {
  it("keeps exactly the recent starts", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(1000), { maxLength: 30 }),
        fc.nat(1200),
        fc.nat(300),
        (times, now, lateMs) => {
          const sorted = [...times].sort((a, b) => a - b);
          const starts = new Map<string, Start>(sorted.map((at, i) => [`room ${i}`, { at }]));
          forgetOld(starts, now, lateMs);
          expect([...starts.values()].map((start) => start.at)).toEqual(
            sorted.filter((at) => now - at < lateMs),
          );
        },
      ),
    );
  });
});
