import { describe, expect, it } from "vitest";
import { type SceneResult, summaryOf } from "./summary.ts";

function client(name: string, ...missed: readonly string[]) {
  return { name, saw: () => "3 starts", missed: () => missed };
}

function scene(participants: SceneResult["participants"], failed?: string): SceneResult {
  return { service: "lobby", participants, failed };
}

describe("summaryOf", () => {
  it("is content if nobody missed anything", () => {
    const { text, ok } = summaryOf([scene([client("ann"), client("ben")])]);
    expect(ok).toBe(true);
    expect(text.split("\n")).toEqual([
      "  lobby  ok      ann  3 starts",
      "         ok      ben  3 starts",
      "",
      "All 2 clients of 1 services saw everything they should have seen.",
    ]);
  });

  it("is not if one missed something, and says what", () => {
    const { text, ok } = summaryOf([scene([client("ann"), client("ben", "the start of round 2")])]);
    expect(ok).toBe(false);
    expect(text).toContain("MISSED  ben  3 starts");
    expect(text).toContain("! the start of round 2");
    expect(text).toContain("1 of 2 clients missed something.");
  });

  it("is not if a scene could not go on", () => {
    const { text, ok } = summaryOf([scene([client("ann")], "the server is gone")]);
    expect(ok).toBe(false);
    expect(text).toContain("STOPPED  the server is gone");
  });
});
