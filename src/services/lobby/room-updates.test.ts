/** The pace of a room's updates: each change at once where that is cheap, bounded bytes and the newest list where it is not. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Clock, Connection, Timer } from "../../kit/index.ts";
import { type Group, groupSize, RoomUpdates } from "./room-updates.ts";

class TestClock implements Clock {
  #now = 0;
  readonly #pending = new Set<{ atMs: number; run: () => void }>();

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  get pending(): number {
    return this.#pending.size;
  }

  after(ms: number, run: () => void): Timer {
    const call = { atMs: this.#now + ms, run };
    this.#pending.add(call);
    return { cancel: () => this.#pending.delete(call) };
  }

  /** Lets time pass, call by call. */
  advance(ms: number): void {
    const untilMs = this.#now + ms;
    for (;;) {
      const next = [...this.#pending].sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined || next.atMs > untilMs) break;
      this.#pending.delete(next);
      this.#now = Math.max(this.#now, next.atMs);
      next.run();
    }
    this.#now = untilMs;
  }
}

interface Player {
  /** The version of the list that it was told last, and how often it was told. */
  told: number;
  count: number;
  group: FakeGroup | undefined;
}

class FakeGroup implements Group {
  readonly players = new Set<Player>();
  readonly #room: FakeRoom;

  constructor(room: FakeRoom) {
    this.#room = room;
  }

  get size(): number {
    return this.players.size;
  }

  join(connection: Connection): void {
    const player = connection as unknown as Player;
    player.group = this;
    this.players.add(player);
  }

  publish(): void {
    for (const player of this.players) this.#room.tell(player);
  }
}

/** One room of players with names of `nameBytes`, driven as the service does. */
class FakeRoom {
  readonly clock = new TestClock();
  readonly players: Player[] = [];
  readonly sent: { atMs: number; bytes: number }[] = [];
  readonly updates: RoomUpdates;
  readonly #nameBytes: number;
  version = 0;

  constructor(bytesPerSecond: number, nameBytes: number) {
    this.#nameBytes = nameBytes;
    this.updates = new RoomUpdates({
      clock: this.clock,
      bytesPerSecond,
      group: () => new FakeGroup(this),
      listingBytes: () => this.listingBytes,
    });
  }

  get listingBytes(): number {
    return this.players.length * this.#nameBytes;
  }

  tell(player: Player): void {
    player.told = this.version;
    player.count++;
    this.sent.push({ atMs: this.clock.monotonic(), bytes: this.listingBytes });
  }

  /** Returns whether the newcomer was told with the others. */
  join(): boolean {
    const player: Player = { told: 0, count: 0, group: undefined };
    this.players.push(player);
    this.version++;
    this.updates.join("room", player as unknown as Connection);
    const told = this.updates.changed("room");
    // The service sends the newcomer its list.
    if (!told) player.told = this.version;
    return told;
  }

  leave(index: number): void {
    const [player] = this.players.splice(index, 1);
    player?.group?.players.delete(player);
    this.version++;
    this.updates.changed("room");
  }
}

describe("a room of ordinary size", () => {
  it("is told of every join and leave at once, also of a hundred in one turn", () => {
    const room = new FakeRoom(32 << 20, 30);
    for (let joins = 1; joins <= 100; joins++) {
      expect(room.join()).toBe(true);
      for (const player of room.players) expect(player.told).toBe(joins);
    }
    expect(room.players[0]?.count).toBe(100);
    room.clock.advance(1_000);
    for (let leaves = 0; leaves < 100; leaves++) {
      room.leave(0);
      for (const player of room.players) expect(player.told).toBe(room.version);
    }
  });
});

describe("a large room", () => {
  it("of a thousand costs little while all join, and all have the newest list a second later", () => {
    const room = new FakeRoom(32 << 20, 30);
    for (let joins = 0; joins < 1_000; joins++) {
      room.join();
      room.clock.advance(10);
    }
    // In these 10 s every update to every player would be 500,000 of them.
    expect(room.sent.length).toBeLessThan(35_000);
    const bytes = room.sent.reduce((sum, update) => sum + update.bytes, 0);
    expect(bytes).toBeLessThan(250e6);
    room.clock.advance(1_000);
    for (const player of room.players) expect(player.told).toBe(room.version);
    const { length } = room.sent;
    room.clock.advance(60_000);
    expect(room.sent).toHaveLength(length);
    expect(room.clock.pending).toBe(0);
  });

  it("that all leave at once is told of little, and forgotten", () => {
    const room = new FakeRoom(32 << 20, 30);
    for (let joins = 0; joins < 1_000; joins++) room.join();
    room.clock.advance(5_000);
    room.sent.length = 0;
    while (room.players.length > 0) room.leave(room.players.length - 1);
    expect(room.sent.length).toBeLessThan(5_000);
    room.clock.advance(60_000);
    expect(room.updates.size).toBe(0);
    expect(room.clock.pending).toBe(0);
  });

  it("keeps to its rate whatever happens, and everybody ends with the newest list", () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.constant({ does: "join" as const, by: 0 }) },
      { weight: 2, arbitrary: fc.record({ does: fc.constant("leave" as const), by: fc.nat(500) }) },
      { weight: 1, arbitrary: fc.record({ does: fc.constant("wait" as const), by: fc.nat(300) }) },
    );
    const rate = 100_000;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300, size: "max" }), (steps) => {
        const room = new FakeRoom(rate, 20);
        for (const { does, by } of steps) {
          if (does === "join") room.join();
          else if (does === "wait") room.clock.advance(by);
          else if (room.players.length > 0) room.leave(by % room.players.length);
          expect(room.clock.pending).toBeLessThan(2);
        }
        const most = room.players.length * room.listingBytes;
        room.clock.advance(((most + rate) / rate) * 1000 + 2_000);
        for (const player of room.players) expect(player.told).toBe(room.version);
        // In no time span more than its share, half a second's worth, and one group's last update.
        const largest = Math.max(0, ...room.sent.map(({ bytes }) => bytes)) * groupSize;
        room.sent.forEach((first, from) => {
          if (from % 97 !== 0) return;
          let sum = 0;
          for (const { atMs, bytes } of room.sent.slice(from)) {
            sum += bytes;
            const share = ((atMs - first.atMs) / 1000) * rate;
            expect(sum).toBeLessThanOrEqual(share + rate / 2 + largest);
          }
        });
      }),
      { numRuns: 12 },
    );
  });
});
