import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lttb } from "./lttb.ts";

const series = fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { maxLength: 200 });
const anySeries = fc.array(fc.oneof(fc.double(), fc.constant(Number.NaN)), { maxLength: 200 });
const all = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe("lttb", () => {
  it("chooses as many as asked, ascending, each once, the first and the last among them, whatever the values", () => {
    fc.assert(
      fc.property(anySeries, fc.integer({ min: 2, max: 60 }), (values, maxPoints) => {
        const chosen = lttb(values, maxPoints);
        expect(chosen).toHaveLength(Math.min(values.length, maxPoints));
        for (const [at, index] of chosen.entries()) {
          expect(Number.isInteger(index)).toBe(true);
          if (at > 0) expect(index).toBeGreaterThan(chosen[at - 1] ?? Number.NaN);
        }
        if (values.length > 0) expect([chosen[0], chosen.at(-1)]).toEqual([0, values.length - 1]);
      }),
    );
  });

  it("chooses all where there are not more", () => {
    fc.assert(
      fc.property(series, fc.integer({ min: 0, max: 50 }), (values, more) => {
        expect(lttb(values, values.length + more)).toEqual(all(values.length));
      }),
    );
    expect(lttb([1, 2, 3], Number.POSITIVE_INFINITY)).toEqual([0, 1, 2]);
  });

  it("chooses one of each stretch, so that there is no long gap", () => {
    fc.assert(
      fc.property(series, fc.integer({ min: 3, max: 60 }), (values, maxPoints) => {
        const chosen = lttb(values, maxPoints);
        const longest = 2 * Math.ceil(Math.max(1, (values.length - 2) / (maxPoints - 2)));
        for (let at = 1; at < chosen.length; at++)
          expect((chosen[at] ?? 0) - (chosen[at - 1] ?? 0)).toBeLessThanOrEqual(longest);
      }),
    );
  });

  it("chooses the same at another scale and another level", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -1_000, max: 1_000 }), { maxLength: 100 }),
        fc.integer({ min: 1, max: 30 }),
        (values, maxPoints) => {
          // The stretches' averages are not exact: only series whose choice does not hang on a rounding are compared, powers of two.
          expect(
            lttb(
              values.map((value) => value * 8),
              maxPoints,
            ),
          ).toEqual(lttb(values, maxPoints));
        },
      ),
    );
  });

  it("does what the paper says, compared with a plain reading of it", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -100, max: 100 }), { minLength: 3, maxLength: 80 }),
        fc.integer({ min: 3, max: 20 }),
        (values, maxPoints) => {
          fc.pre(values.length > maxPoints);
          const buckets = maxPoints - 2;
          const bounds = Array.from(
            { length: buckets + 1 },
            (_, k) => 1 + Math.floor((k * (values.length - 2)) / buckets),
          );
          const points = values.map((y, x) => ({ x, y }));
          const groups = [
            ...bounds.slice(0, -1).map((begin, k) => points.slice(begin, bounds[k + 1])),
            points.slice(-1),
          ];
          let last = { x: 0, y: values[0] ?? 0 };
          const chosen = lttb(values, maxPoints);
          for (const [k, group] of groups.slice(0, -1).entries()) {
            const next = groups[k + 1] ?? [];
            const mean = {
              x: next.reduce((sum, p) => sum + p.x, 0) / next.length,
              y: next.reduce((sum, p) => sum + p.y, 0) / next.length,
            };
            const area = (p: { x: number; y: number }): number =>
              Math.abs(
                last.x * (p.y - mean.y) + p.x * (mean.y - last.y) + mean.x * (last.y - p.y),
              ) / 2;
            const taken = group.find(({ x }) => x === chosen[k + 1]);
            expect(taken).toBeDefined();
            if (taken === undefined) return;
            expect(area(taken)).toBeCloseTo(Math.max(...group.map(area)), 6);
            last = taken;
          }
        },
      ),
    );
  });

  it("keeps a single peak", () => {
    const values = Array.from({ length: 10_000 }, (_, index) =>
      index === 6_789 ? 100 : Math.sin(index / 50),
    );
    expect(lttb(values, 50)).toContain(6_789);
  });

  it("keeps it among values of which every other is not finite", () => {
    const values = Array.from({ length: 1_000 }, (_, index) =>
      index % 2 === 0 ? Number.NaN : index === 511 ? 100 : Math.sin(index / 50),
    );
    expect(lttb(values, 50)).toContain(511);
  });

  it("of few points: the last for 1, first and last for 2, none for less", () => {
    expect(lttb([5, 6, 7], 1)).toEqual([2]);
    expect(lttb([5, 6, 7], 2)).toEqual([0, 2]);
    expect(lttb([5, 6, 7], 2.9)).toEqual([0, 2]);
    for (const none of [0, -1, Number.NaN]) expect(lttb([5, 6, 7], none)).toEqual([]);
    expect(lttb([], 5)).toEqual([]);
    expect(lttb([5], 1)).toEqual([0]);
  });

  it("passes over what is not finite, unless a stretch has nothing else", () => {
    const values: number[] = Array.from({ length: 101 }, (_, index) =>
      index % 2 === 0 ? Number.NaN : index,
    );
    expect(
      lttb(values, 20)
        .slice(1, -1)
        .filter((index) => index % 2 === 0),
    ).toEqual([]);
    const gap = values.map((value, index) =>
      index >= 40 && index < 60 ? Number.POSITIVE_INFINITY : value,
    );
    expect(lttb(gap, 20).some((index) => index >= 40 && index < 60)).toBe(true);
    expect(lttb(Array(100).fill(Number.NaN), 10)).toHaveLength(10);
  });
});
