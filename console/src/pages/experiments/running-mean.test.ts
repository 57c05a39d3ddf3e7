import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { maxMeans, RunningMean } from "./running-mean.ts";

describe("a running mean", () => {
  it("is the mean of all draws up to each of its points, of which there are few", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -1000, max: 1000 }), { maxLength: 3000, size: "max" }),
        (values) => {
          const running = new RunningMean();
          for (const value of values) running.add(value);
          const line = running.every(running.stride);
          expect(line.length).toBe(Math.floor(values.length / running.stride));
          expect(line.length).toBeLessThanOrEqual(maxMeans);
          for (const nth of [0, line.length >> 1, line.length - 1]) {
            if (line[nth] === undefined) continue;
            const draws = values.slice(0, (nth + 1) * running.stride);
            expect(line[nth]).toBeCloseTo(
              draws.reduce((sum, value) => sum + value, 0) / draws.length,
              8,
            );
          }
          expect(running.every(running.stride * 4)).toEqual(line.filter((_, at) => at % 4 === 3));
        },
      ),
      { numRuns: 30 },
    );
  });

  it("passes over what is not finite", () => {
    const running = new RunningMean();
    for (const value of [Number.NaN, 2, Number.POSITIVE_INFINITY, 4]) running.add(value);
    expect(running.every(1)).toEqual([undefined, 2, 2, 3]);
  });
});
