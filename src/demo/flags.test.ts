import { describe, expect, it } from "vitest";
import { flagsIn } from "./flags.ts";

describe("flagsIn", () => {
  it("has a default for everything", () => {
    expect(flagsIn([])).toEqual({
      seconds: undefined,
      port: 7400,
      seed: "switchboard",
      data: undefined,
      help: false,
    });
  });

  it("takes what is given", () => {
    expect(flagsIn(["--seconds", "15", "--port", "0", "--seed", "x", "--data", "d"])).toEqual({
      seconds: 15,
      port: 0,
      seed: "x",
      data: "d",
      help: false,
    });
  });

  it.each([
    [["--seconds", "0"]],
    [["--seconds", "soon"]],
    [["--port", "70000"]],
    [["--data", ""]],
    [["--unknown"]],
    [["word"]],
  ])("refuses %j", (args) => {
    expect(() => flagsIn(args)).toThrow(Error);
  });
});
