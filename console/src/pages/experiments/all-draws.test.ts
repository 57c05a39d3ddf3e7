import { describe, expect, it } from "vitest";
import { AllDraws } from "./all-draws.ts";

/** A server that has draws 0, 1, 2, … of one chain, and gives them two at a time when it is let. */
class Stored {
  count = 0;
  readonly asked: number[] = [];
  #let: (() => void)[] = [];

  async *load(from: number, signal: AbortSignal): AsyncGenerator<readonly number[], void> {
    this.asked.push(from);
    const end = this.count;
    for (let at = from; at < end; at += 2) {
      await new Promise<void>((resolve) => this.#let.push(resolve));
      signal.throwIfAborted();
      yield Array.from({ length: Math.min(2, end - at) }, (_, nth) => at + nth);
    }
  }

  /** Gives the next two. */
  async give(): Promise<void> {
    await expect.poll(() => this.#let.length).toBeGreaterThan(0);
    this.#let.shift()?.();
  }

  /** More have been stored; the socket tells of them. */
  grow(draws: AllDraws, by: number): void {
    draws.add(
      "c",
      this.count,
      Array.from({ length: by }, (_, nth) => this.count + nth),
    );
    this.count += by;
  }
}

function drawsOf(stored: Stored): AllDraws {
  return new AllDraws({
    chains: () => ["c"],
    load: (_, from, signal) => stored.load(from, signal),
  });
}

const read = (draws: AllDraws) => draws.of("c").mean.count;
const mean = (draws: AllDraws) => draws.of("c").mean.every(1).at(-1);

describe("all draws", () => {
  it("are read once, with those that come meanwhile, each one time", async () => {
    const stored = new Stored();
    const draws = drawsOf(stored);
    stored.grow(draws, 4);
    expect(read(draws)).toBe(0);
    draws.start();
    await stored.give();
    await expect.poll(() => read(draws)).toBe(2);
    // Ahead of what has been read: it is loaded when that has come so far.
    stored.grow(draws, 3);
    expect(draws.progress).toEqual({ read: 2, all: 7 });
    await stored.give();
    await expect.poll(() => stored.asked).toEqual([0, 4]);
    await stored.give();
    await expect.poll(() => read(draws)).toBe(6);
    await stored.give();
    await expect.poll(() => read(draws)).toBe(7);
    stored.grow(draws, 1);
    expect(read(draws)).toBe(8);
    expect(mean(draws)).toBe(3.5);
    expect(draws.of("c").counts.total).toBe(8);
    expect(stored.asked).toEqual([0, 4]);
  });

  it("that are stopped go on later from where they were; thinned ones count for nothing", async () => {
    const stored = new Stored();
    const draws = drawsOf(stored);
    stored.count = 4;
    draws.add("c", 0, [0, 3], [0, 3]);
    draws.start();
    await stored.give();
    await expect.poll(() => read(draws)).toBe(2);
    draws.stop();
    await stored.give();
    draws.start();
    await expect.poll(() => stored.asked).toEqual([0, 2]);
    await stored.give();
    await expect.poll(() => mean(draws)).toBe(1.5);
  });

  it("that cannot be had say so, and are asked for again only when they are started again", async () => {
    let fails = true;
    const draws = new AllDraws({
      chains: () => ["c"],
      async *load() {
        if (fails) throw new Error("the server is away");
        yield [1, 2];
      },
    });
    draws.start();
    draws.add("c", 0, [1], [1]);
    await expect.poll(() => draws.error?.message).toBe("the server is away");
    fails = false;
    draws.start();
    await expect.poll(() => read(draws)).toBe(2);
    expect(draws.error).toBeUndefined();
  });

  it("begin anew with another run", async () => {
    const stored = new Stored();
    const draws = drawsOf(stored);
    draws.start();
    stored.grow(draws, 3);
    expect(read(draws)).toBe(3);
    draws.clear();
    draws.add("c", 0, [10, 20]);
    expect(mean(draws)).toBe(15);
  });
});
