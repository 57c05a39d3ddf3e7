import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { histogramOf } from "./histogram.ts";
import { ValueCounts } from "./value-counts.ts";

function countsOf(values: readonly number[]): ValueCounts {
  const counts = new ValueCounts();
  for (const value of values) counts.add(value);
  return counts;
}

// The quotient of a smaller and a larger one would not be a number of its own any more.
const anyValue = fc.oneof(
  fc
    .double({ noNaN: true, min: -1e100, max: 1e100 })
    .map((value) => (Math.abs(value) < 1e-100 ? 0 : value)),
  fc.integer({ min: -5, max: 5 }),
);

describe("counts of values", () => {
  it("have every finite value in the bin that it belongs to, whatever came before it", () => {
    fc.assert(
      fc.property(fc.array(anyValue, { minLength: 1, maxLength: 60 }), (values) => {
        const counts = countsOf([...values, Number.NaN, Number.POSITIVE_INFINITY]);
        const bins = [...counts.bins()];
        expect(counts.total).toBe(values.length);
        expect(bins.reduce((sum, [, count]) => sum + count, 0)).toBe(values.length);
        for (const [begin, count] of bins) {
          expect(
            values.filter((value) => Math.floor(value / counts.width) * counts.width === begin),
          ).toHaveLength(count);
        }
      }),
    );
  });
});

describe("a histogram", () => {
  it("is none without values", () => {
    expect(histogramOf([])).toBeUndefined();
    expect(histogramOf([countsOf([Number.NaN])])).toBeUndefined();
  });

  it("has the same bins for all chains, each chain in per cent of its own draws", () => {
    const even = countsOf(Array.from({ length: 1024 }, (_, nth) => nth / 1024));
    const low = countsOf(Array.from({ length: 100 }, (_, nth) => nth / 200));
    const { columns: [xs, first = [], second = []] = [[]], percentBeyond = 100 } =
      histogramOf([even, low]) ?? {};
    expect(first).toHaveLength(xs.length);
    expect(second).toHaveLength(xs.length);
    expect(percentBeyond).toBeLessThan(1.5);
    const sum = (line: readonly number[]) =>
      line.reduce((total, percent) => total + percent, 0) / 2;
    expect(sum(first)).toBeGreaterThan(97);
    expect(sum(second)).toBeGreaterThan(97);
    expect(second[xs.findIndex((x) => x > 0.6)]).toBe(0);
    for (const [at, x] of xs.entries())
      if (at > 0) expect(x).toBeGreaterThanOrEqual(xs[at - 1] ?? Number.NaN);
  });

  it("does not let a long tail squeeze the rest", () => {
    const values = Array.from({ length: 10_000 }, (_, nth) =>
      nth % 1000 === 0 ? 1e6 : (nth % 100) / 100,
    );
    const { columns: [xs] = [[]], percentBeyond = 0 } = histogramOf([countsOf(values)]) ?? {};
    expect(xs[xs.length - 1]).toBeLessThan(1000);
    expect(percentBeyond).toBeCloseTo(0.1, 5);
  });

  it("of a constant is one bin", () => {
    const { columns: [xs, line] = [[]] } = histogramOf([countsOf([3, 3, 3])]) ?? {};
    expect(xs).toHaveLength(4);
    expect(line).toEqual([0, 100, 100, 0]);
  });
});
