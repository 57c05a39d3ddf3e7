import { describe, expect, it } from "vitest";
import { growths, type Reading } from "./trend.ts";

const reading = (minute: number, differences: Partial<Reading> = {}): Reading => ({
  minute,
  heapUsedBytes: 50e6,
  rssBytes: 150e6,
  externalBytes: 5e6,
  descriptors: 40,
  handles: 20,
  timers: 3,
  connections: 8,
  entries: 10_000,
  objects: { Connection: 1000, Map: 600 },
  ...differences,
});

const grown = (readings: readonly Reading[]): readonly string[] =>
  growths(readings).flatMap(({ what, grown: has }) => (has ? [what] : []));

describe("the trend", () => {
  it("is none where everything stays", () => {
    expect(grown([1, 2, 3, 4].map((minute) => reading(minute)))).toEqual([]);
  });

  it.each([
    ["heapUsedBytes", 70e6],
    ["rssBytes", 300e6],
    ["externalBytes", 20e6],
    ["descriptors", 60],
    ["handles", 40],
    ["timers", 15],
    ["connections", 9],
    ["entries", 20_000],
  ] as const)("is growth of %s", (what, value) => {
    const readings = [
      reading(1),
      reading(2),
      reading(3, { [what]: value }),
      reading(4, { [what]: value }),
    ];
    expect(grown(readings)).toEqual([what]);
  });

  it("is none where one reading is high", () => {
    expect(
      grown([reading(1), reading(2), reading(3), reading(4, { heapUsedBytes: 90e6 })]),
    ).toEqual([]);
  });

  it("is growth of the objects of a constructor, where there are more each time", () => {
    const readings = [1, 2, 3, 4].map((minute) =>
      reading(minute, { objects: { Connection: 1000 + 200 * minute, Map: 600 } }),
    );
    expect(grown(readings)).toEqual(["objects of Connection"]);
  });

  it("needs three readings", () => {
    expect(() => growths([reading(1), reading(2)])).toThrow("too few");
  });
});
