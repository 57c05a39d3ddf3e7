import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { firstOrder, moved, placeUnder, turned } from "./rank-order.ts";

const permutation = fc.integer({ min: 1, max: 12 }).chain((count) =>
  fc.shuffledSubarray(
    Array.from({ length: count }, (_, index) => index),
    { minLength: count },
  ),
);

describe("turned", () => {
  it("puts the best, which people have at the top, last as the protocol does", () => {
    // Sentence 2 is the best, 1 the worst.
    expect(turned([2, 0, 3, 1])).toEqual([1, 3, 0, 2]);
  });

  it("is its own way back, and changes nothing it is given", () => {
    fc.assert(
      fc.property(permutation, (order) => {
        const before = [...order];
        expect(turned(turned(order))).toEqual(before);
        expect(order).toEqual(before);
        expect(turned(order).at(-1)).toBe(before[0]);
      }),
    );
  });
});

it("begins with what was saved, the best at the top", () => {
  expect(firstOrder(3, undefined)).toEqual([0, 1, 2]);
  expect(firstOrder(3, [1, 0, 2])).toEqual([2, 0, 1]);
});

describe("moved", () => {
  it("moves one and keeps the order of the others", () => {
    expect(moved([5, 6, 7, 8], 0, 2)).toEqual([6, 7, 5, 8]);
    expect(moved([5, 6, 7, 8], 3, 1)).toEqual([5, 8, 6, 7]);
  });

  it("stays within the list, and is the same where nothing changes", () => {
    const order = [5, 6, 7];
    expect(moved(order, 0, -1)).toBe(order);
    expect(moved(order, 2, 3)).toBe(order);
    expect(moved(order, 9, 0)).toBe(order);
  });

  it("keeps every sentence", () => {
    fc.assert(
      fc.property(permutation, fc.nat(12), fc.integer({ min: -2, max: 14 }), (order, from, to) => {
        expect([...moved(order, from, to)].sort()).toEqual([...order].sort());
      }),
    );
  });
});

it("drops below those whose middle is above the pointer", () => {
  const middles = [50, 90, 130];
  expect([10, 60, 100, 500].map((y) => placeUnder(y, middles))).toEqual([0, 1, 2, 3]);
});
