/** Where boxes are. */
import { describe, expect, it } from "vitest";
import { boxAt, colourOf, nameOf, placeOf, whereOf } from "./frame-geometry.ts";

const box = (
  boxId: number,
  rect: readonly [number, number, number, number],
  objectId?: number,
) => ({
  boxId,
  rect,
  objectType: "person",
  certainty: 0.9,
  ...(objectId === undefined ? {} : { objectId }),
});

const size = { width: 400, height: 200 };

it("a box is a part of the picture, and ends where that does", () => {
  expect(placeOf(box(1, [0.25, 0.5, 0.5, 1]), 400, 200)).toEqual({
    left: 100,
    top: 100,
    width: 100,
    height: 100,
  });
  expect(placeOf(box(1, [-1, 0, 0.5, 2]), 400, 200)).toEqual({
    left: 0,
    top: 0,
    width: 200,
    height: 200,
  });
});

it.each([
  ["NaN", [Number.NaN, 0, 1, 1]],
  ["turned around", [0.5, 0, 0.2, 1]],
  ["outside", [1.1, 0, 1.4, 1]],
] as const)("a box that is %s is in no place", (_, rect) => {
  expect(placeOf(box(1, rect), 400, 200)).toBeUndefined();
});

describe("at a point", () => {
  const large = box(1, [0, 0, 1, 1]);
  const small = box(2, [0.4, 0.4, 0.6, 0.6]);
  it("is the smallest box", () => {
    expect(boxAt([small, large], { x: 200, y: 100 }, size)).toBe(small);
    expect(boxAt([small, large], { x: 20, y: 20 }, size)).toBe(large);
  });
  it("is a box that was missed by a little, and none that was missed by more", () => {
    expect(boxAt([small], { x: 156, y: 100 }, size)).toBe(small);
    expect(boxAt([small], { x: 140, y: 100 }, size)).toBeUndefined();
  });
});

it("an object has its colour and its name", () => {
  expect(colourOf(7)).toBe(colourOf(1));
  expect(colourOf(-1)).toMatch(/^--series-\d$/);
  expect(nameOf(box(3, [0, 0, 1, 1], 7))).toBe("object 7 (person)");
  expect(nameOf(box(3, [0, 0, 1, 1]))).toBe("person 3");
});

it("says where a box is", () => {
  expect(whereOf(box(1, [0, 0.8, 0.2, 1]))).toBe("left, bottom");
  expect(whereOf(box(1, [0.4, 0.4, 0.6, 0.6]))).toBe("centre, middle");
  expect(whereOf(box(1, [Number.NaN, 0.4, 0.6, 0.6]))).toBe("place unknown");
});
