import { describe, expect, it } from "vitest";
import { Random } from "./random.ts";

describe("Random", () => {
  it("gives the same numbers for the same seed, and others for another seed or name", () => {
    const numbers = (random: Random) => Array.from({ length: 5 }, () => random.next());
    expect(numbers(new Random("a"))).toEqual(numbers(new Random("a")));
    expect(numbers(new Random("a"))).not.toEqual(numbers(new Random("b")));
    expect(numbers(new Random("a").for("x"))).not.toEqual(numbers(new Random("a").for("y")));
  });

  it("gives a part of its own numbers, however many were drawn before", () => {
    const drawn = new Random("a");
    drawn.next();
    expect(drawn.for("x").next()).toBe(new Random("a").for("x").next());
  });

  it("draws evenly and normally", () => {
    const random = new Random("moments");
    const draws = 20_000;
    const mean = (numbers: readonly number[]) =>
      numbers.reduce((sum, number) => sum + number, 0) / draws;
    const even = Array.from({ length: draws }, () => random.next());
    const normal = Array.from({ length: draws }, () => random.normal());
    // Five standard errors.
    expect(Math.abs(mean(even) - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 12 / draws));
    expect(Math.abs(mean(normal))).toBeLessThan(5 * Math.sqrt(1 / draws));
    expect(Math.abs(mean(normal.map((number) => number ** 2)) - 1)).toBeLessThan(
      5 * Math.sqrt(2 / draws),
    );
    expect(even.every((number) => number >= 0 && number < 1)).toBe(true);
  });

  it("refuses to pick from nothing", () => {
    expect(() => new Random("a").pick([])).toThrow(RangeError);
  });
});
