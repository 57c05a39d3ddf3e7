/** The meter never counts less than `JSON.parse` would build, however the text is cut. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { isSwitchboardError } from "./error.ts";
import { demandJsonBounds, demandValueBounds, JsonMeter } from "./json-meter.ts";

function refusal(text: string, maxJsonValues: number, maxJsonDepth: number): string | undefined {
  try {
    demandJsonBounds(text, { maxJsonValues, maxJsonDepth });
    return undefined;
  } catch (error) {
    if (isSwitchboardError(error, "too_large")) return error.message;
    throw error;
  }
}

/** Values and depth of a parsed text. */
function measured(json: unknown): { values: number; depth: number } {
  if (typeof json !== "object" || json === null) return { values: 1, depth: 0 };
  const inner = Object.values(json).map(measured);
  return {
    values: inner.reduce((sum, { values }) => sum + values, 1),
    depth: 1 + Math.max(0, ...inner.map(({ depth }) => depth)),
  };
}

test("takes every text within the bounds and refuses every text over them", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), fc.nat(2), (json, spaces) => {
      const text = JSON.stringify(json, null, spaces);
      const { values, depth } = measured(JSON.parse(text));
      // An empty list counts for itself and for a value that it might have.
      expect(refusal(text, 2 * values + 1, depth)).toBeUndefined();
      expect(values < 2 || refusal(text, values - 1, depth) !== undefined).toBe(true);
      expect(depth < 1 || refusal(text, 2 * values + 1, depth - 1) !== undefined).toBe(true);
    }),
  );
});

test("counts the same however the text is cut", () => {
  const text = JSON.stringify({ 'a"[,': ["\\", '\\"', "{[,", [1, { b: "]" }]], c: {} });
  const bounds = { maxJsonValues: 11, maxJsonDepth: 4 };
  expect(refusal(text, 11, 4)).toBeUndefined();
  expect(refusal(text, 10, 4)).toContain("limits.maxJsonValues");
  expect(refusal(text, 11, 3)).toContain("limits.maxJsonDepth");
  for (let cut = 0; cut <= text.length; cut++) {
    const meter = new JsonMeter(bounds);
    meter.push(text.slice(0, cut));
    meter.push("");
    expect(() => meter.push(text.slice(cut))).not.toThrow();
    const strict = new JsonMeter({ ...bounds, maxJsonValues: 10 });
    expect(() => {
      strict.push(text.slice(0, cut));
      strict.push("");
      strict.push(text.slice(cut));
    }).toThrow("limits.maxJsonValues");
  }
});

test("a parsed value has as many values and levels as its text", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), (json) => {
      const { values, depth } = measured(json);
      const demand = (maxJsonValues: number, maxJsonDepth: number) =>
        demandValueBounds(json, { maxJsonValues, maxJsonDepth });
      expect(() => demand(values, depth)).not.toThrow();
      if (values > 1) expect(() => demand(values - 1, depth)).toThrow("limits.maxJsonValues");
      if (depth > 0) expect(() => demand(values, depth - 1)).toThrow("limits.maxJsonDepth");
    }),
  );
});

test("binary data is one value", () => {
  const bounds = { maxJsonValues: 4, maxJsonDepth: 1 };
  const binary = [Buffer.alloc(1000), new Uint8Array(1000), new ArrayBuffer(1000)];
  expect(() => demandValueBounds(binary, bounds)).not.toThrow();
});
