/** The place where a text stops being JSON. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { jsonFault } from "./json-scanner.ts";

test.each([
  ["", 0],
  ["  ", 2],
  ["{", 1],
  ['{"a":', 5],
  ['{"a":1,}', 7],
  ["[1,]", 3],
  ["[1 2]", 3],
  ["[1,,2]", 3],
  ['{"a" 1}', 5],
  ["{a:1}", 1],
  ['{"a":NaN}', 5],
  ["[01]", 1],
  ["[1.]", 1],
  ["[+1]", 1],
  ["[tru]", 1],
  ["[1}", 2],
  ["1 2", 2],
  ["]", 0],
  ['["\\x"]', 1],
  ['["a\nb"]', 1],
  ['"never ends', 0],
  ['{"a":1}}', 7],
  ["'a'", 0],
])("%j is wrong at %i", (text, at) => {
  expect(jsonFault(text)?.at).toBe(at);
});

test("finds no fault in JSON, however it is laid out", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.nat(3), (value, indent) => {
      expect(jsonFault(JSON.stringify(value, null, indent))).toBeUndefined();
    }),
  );
});

test("finds a fault exactly where JSON.parse does not take the text", () => {
  const damaged = fc.tuple(
    fc.json(),
    fc.nat(),
    fc.constantFrom(
      "",
      ",",
      "]",
      "}",
      '"',
      "\\",
      ":",
      "1",
      ".",
      "-",
      " ",
      "\n",
      "e",
      "\u0001",
      "é",
    ),
  );
  fc.assert(
    fc.property(damaged, ([json, seed, piece]) => {
      const at = seed % (json.length + 1);
      // A piece more, or a character less.
      const text =
        piece === ""
          ? json.slice(0, at) + json.slice(at + 1)
          : json.slice(0, at) + piece + json.slice(at);
      const fault = jsonFault(text)?.at;
      expect(fault === undefined).toBe(parses(text));
      if (fault !== undefined) expect(fault).toBeLessThanOrEqual(text.length);
    }),
    { numRuns: 2000 },
  );
});

test("takes depth, long strings and long numbers in its stride", () => {
  expect(jsonFault("[".repeat(1_000_000))?.at).toBe(1_000_000);
  const text = `["${"a".repeat(1_000_000)}",${"1".repeat(1_000_000)},x]`;
  expect(jsonFault(text)).toMatchObject({ at: 2_000_005, character: "x" });
  expect(jsonFault(`[${"1".repeat(1_000_000)}x]`)?.at).toBe(1);
});

test("takes bare words for values where they are allowed", () => {
  expect(jsonFault("[NaN, -Infinity,Infinity]", true)).toBeUndefined();
  expect(jsonFault("[NaN]")?.at).toBe(1);
  expect(jsonFault("[NaN, nan]", true)?.at).toBe(6);
  expect(jsonFault("{NaN:1}", true)?.at).toBe(1);
});

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
