import { describe, expect, it } from "vitest";
import { logTail } from "./log-tail.ts";

describe("the end of a log", () => {
  it("is all of a short one", () => {
    expect(logTail("a\nb\n")).toEqual({ text: "a\nb\n", isCut: false });
  });

  it("is the last whole lines of a long one", () => {
    const { text, isCut } = logTail("line of the log\n".repeat(10_000));
    expect(isCut).toBe(true);
    expect(text.length).toBeLessThanOrEqual(65_536);
    expect(text.startsWith("line of")).toBe(true);
  });

  it("is a part of a line that is longer than that", () => {
    expect(logTail("x".repeat(100_000)).text).toHaveLength(65_536);
  });
});
