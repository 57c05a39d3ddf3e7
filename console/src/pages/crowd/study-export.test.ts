import { describe, expect, it } from "vitest";
import { type ExportedUnit, placesOf, workersOf } from "./study-export.ts";

describe("placesOf", () => {
  it("has the best first, ties together, and counts places as in sports", () => {
    expect(placesOf({ sentences: ["a", "b", "c", "d"], tie_sets: [[2], [0, 3], [1]] })).toEqual([
      { place: 1, sentences: ["b"] },
      { place: 2, sentences: ["a", "d"] },
      { place: 4, sentences: ["c"] },
    ]);
  });

  it("says what was removed", () => {
    expect(placesOf({ sentences: ["a", null], tie_sets: [[0, 1]] })).toEqual([
      { place: 1, sentences: ["a", "[removed]"] },
    ]);
    expect(placesOf({ sentences: [], tie_sets: [] })).toEqual([]);
  });
});

it("counts what each worker has done", () => {
  const unit = (
    worker: string | null,
    stage: ExportedUnit["stage"],
    status: string,
    agreement?: number,
  ): ExportedUnit => ({
    unit: "u",
    worker,
    stage,
    status,
    ...(agreement === undefined ? {} : { agreement }),
  });
  const units = [
    unit("ann", "CAD", "done"),
    unit("ben", "CAD", "skipped"),
    unit("ann", "CAD", "duplicate"),
    unit("ann", "RANKING", "done", 0),
    unit("ann", "RANKING", "done", -3),
    unit("ben", "RANKING", "open"),
    unit(null, "CAD", "done"),
  ];
  const none = {
    written: 0,
    duplicates: 0,
    skipped: 0,
    rankings: 0,
    agreement: undefined,
    open: 0,
  };
  expect(workersOf({ units })).toEqual([
    { ...none, worker: "ann", written: 1, duplicates: 1, rankings: 2, agreement: -1.5 },
    { ...none, worker: "ben", skipped: 1, open: 1 },
    { ...none, worker: null, written: 1 },
  ]);
});
