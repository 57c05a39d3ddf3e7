import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { maxPointsOfLine, TraceGrid } from "./trace-grid.ts";

const draw = fc.double({ noNaN: true, noDefaultInfinity: true });

function gridOf(
  draws: readonly (readonly [index: number, value: number])[],
  origin = 0,
): TraceGrid {
  const grid = new TraceGrid(origin);
  for (const [index, value] of draws) grid.add("c", index, value);
  return grid;
}

describe("a grid of traces", () => {
  it("has every draw as long as there are few", () => {
    fc.assert(
      fc.property(fc.array(draw, { maxLength: 300 }), (values) => {
        const grid = gridOf(values.map((value, index) => [index, value]));
        expect(grid.columns(["c"])).toEqual([values.map((_, index) => index), values]);
      }),
    );
  });

  it("has few points of many draws, with the extremes of all, x ascending, and no draw anywhere but in its own cell", () => {
    const values = Array.from({ length: 100_000 }, (_, index) =>
      index === 70_001 ? 99 : index === 5 ? -99 : Math.sin(index),
    );
    const grid = gridOf(values.map((value, index) => [index, value]));
    const [xs, line = []] = grid.columns(["c"]);
    expect(xs.length).toBeLessThanOrEqual(maxPointsOfLine);
    expect(xs.length).toBeGreaterThan(maxPointsOfLine / 2);
    expect(Math.max(...line.map((y) => y ?? 0))).toBe(99);
    expect(Math.min(...line.map((y) => y ?? 0))).toBe(-99);
    for (const [at, x] of xs.entries()) {
      if (at > 0) expect(x).toBeGreaterThan(xs[at - 1] ?? Number.NaN);
      const cell = Math.floor(x / grid.drawsPerCell) * grid.drawsPerCell;
      const y = line[at];
      if (y !== undefined) expect(values.slice(cell, cell + grid.drawsPerCell)).toContain(y);
    }
  });

  it("is the same whatever the order of the draws, and however often they come", () => {
    const draws = fc.uniqueArray(
      fc.tuple(fc.integer({ min: 0, max: 20_000 }), fc.integer({ min: -3, max: 3 })),
      {
        selector: ([index]) => index,
        maxLength: 60,
      },
    );
    fc.assert(
      fc.property(
        draws.chain((once) =>
          fc.tuple(
            fc.constant(once),
            fc.shuffledSubarray([...once, ...once], { minLength: once.length * 2 }),
          ),
        ),
        ([once, again]) => {
          expect(gridOf(again).columns(["c"])).toEqual(gridOf(once).columns(["c"]));
        },
      ),
    );
  });

  it("has all chains at the same places, and leaves empty what is not known or not finite", () => {
    const grid = new TraceGrid(10);
    grid.add("c", 9, 1);
    grid.add("c", 10, 2);
    grid.add("d", 12, 3);
    grid.add("d", 11, Number.NaN);
    expect(grid.columns(["c", "d", "unknown"])).toEqual([
      [10, 11, 12],
      [2, undefined, undefined],
      [undefined, undefined, 3],
      [undefined, undefined, undefined],
    ]);
  });
});
