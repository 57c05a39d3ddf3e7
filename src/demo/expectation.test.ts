import { describe, expect, it } from "vitest";
import { systemClock } from "../kit/index.ts";
import { Expectation } from "./expectation.ts";

describe("Expectation", () => {
  const starts = () => new Expectation("starts", systemClock);

  it("is met by what was due, before or after it was known to be", () => {
    const expected = starts();
    expected.due("round 1");
    expected.seen("round 1");
    expected.seen("round 2");
    expected.due("round 2");
    expect(expected.missed()).toEqual([]);
    expect(expected.met).toBe(2);
  });

  it("tells what was missed", () => {
    const expected = starts();
    for (const key of ["round 1", "round 2", "round 3"]) expected.due(key);
    expected.seen("round 1");
    expect(expected.missed()).toEqual(["2 of 3 starts missed, such as round 2"]);
  });

  it("tells what came twice, and takes what is never due for somebody else's", () => {
    const expected = starts();
    expected.seen("a visitor's round");
    expected.seen("a visitor's round");
    expected.due("round 1");
    expected.seen("round 1");
    expect(expected.missed()).toEqual([]);
    expected.seen("round 1");
    expect(expected.missed()).toEqual(["round 1 came twice"]);
  });

  it("keeps few of many faults", () => {
    const expected = starts();
    for (let nth = 1; nth <= 8; nth++) expected.fault(`fault ${nth}`);
    expect(expected.missed()).toEqual([
      "fault 1",
      "fault 2",
      "fault 3",
      "fault 4",
      "fault 5",
      "and 3 more faults",
    ]);
  });

  it("settles when nothing is due any more, else at the deadline", async () => {
    const expected = starts();
    expected.due("round 1");
    await expected.settled(1);
    expect(expected.isDue("round 1")).toBe(true);
    const settled = expected.settled(60_000);
    expected.seen("round 1");
    await settled;
    expect(expected.isDue("round 1")).toBe(false);
  });
});
