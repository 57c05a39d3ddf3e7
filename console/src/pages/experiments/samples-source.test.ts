import { describe, expect, it } from "vitest";
import { DrawLines } from "./samples-source.ts";

describe("lines of draws", () => {
  const csv =
    'index,value\r\n7,1.50\r\n8,NaN\r\n9,"a\r\nb"\r\n10,-2e-3\r\n11,null\r\n12,"x,1"\r\n13,4\r\n';
  const draws = [1.5, Number.NaN, Number.NaN, -0.002, Number.NaN, Number.NaN, 4];

  it("are read, with NaN for what is no number", () => {
    expect(new DrawLines(7).take(csv)).toEqual(draws);
  });

  it("are the same wherever the text is cut", () => {
    for (let at = 0; at <= csv.length; at += 1) {
      const lines = new DrawLines(7);
      expect([...lines.take(csv.slice(0, at)), ...lines.take(csv.slice(at))]).toEqual(draws);
    }
  });
});
