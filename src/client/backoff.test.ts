/** Full jitter: where the delays lie, and that they are spread evenly there. */
import { assert, double, integer, property } from "fast-check";
import { describe, expect, it } from "vitest";
import { Backoff, firstDelayMs } from "./backoff.ts";
import { seededRandom } from "./virtual-platform.fixture.ts";

describe("the delay before an attempt", () => {
  it("is uniform over 0 to 4 s after the loss of an open connection", () => {
    const random = seededRandom(7);
    const buckets = new Array<number>(40).fill(0);
    const clients = 40_000;
    for (let client = 0; client < clients; client++) {
      const delayMs = new Backoff(30_000, random).next("yes");
      const bucket = Math.floor(delayMs / 100);
      buckets[bucket] = (buckets[bucket] ?? Number.NaN) + 1;
    }
    const expected = clients / buckets.length;
    const chiSquare = buckets.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // 39 degrees of freedom: exceeded once in a million (and the seed is fixed).
    expect(chiSquare).toBeLessThan(95);
  });

  it("has a ceiling that doubles with each failure, up to the maximum, and begins anew after an open connection", () => {
    const longest = new Backoff(30_000, () => 1 - 2 ** -32);
    const ceilings = [4000, 8000, 16_000, 30_000, 30_000];
    for (const ceiling of ceilings) expect(longest.next("yes")).toBeCloseTo(ceiling, 3);
    longest.reset();
    expect(longest.next("spread")).toBeCloseTo(4000, 3);
  });

  it("is in the upper half of the maximum where the server said later, and counts as no failure", () => {
    const lowest = new Backoff(30_000, () => 0);
    expect(lowest.next("later")).toBe(15_000);
    const highest = new Backoff(30_000, () => 1 - 2 ** -32);
    expect(highest.next("later")).toBeCloseTo(30_000, 3);
    expect(highest.next("yes")).toBeCloseTo(firstDelayMs, 3);
  });

  it("is a day at most, whatever the maximum is", () => {
    const delays = new Backoff(Number.POSITIVE_INFINITY, () => 1);
    expect(delays.next("later")).toBe(86_400_000);
  });

  it("is never below 0 or above the maximum, however many failures there were", () => {
    assert(
      property(
        integer({ min: 0, max: 100_000 }),
        integer({ min: 0, max: 1100 }),
        double({ min: 0, max: 0.999999, noNaN: true }),
        (max, failures, chance) => {
          const backoff = new Backoff(max, () => chance);
          for (let failure = 0; failure <= failures; failure++) {
            const delayMs = backoff.next("yes");
            expect(delayMs).toBeGreaterThanOrEqual(0);
            expect(delayMs).toBeLessThanOrEqual(Math.min(max, firstDelayMs * 2 ** failure));
          }
          expect(backoff.next("later")).toBeGreaterThanOrEqual(max / 2);
        },
      ),
      { numRuns: 30 },
    );
  });
});
