/** Bare NaN and infinities, against a printer that knows where it has put them. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nullWords, parseLenient } from "./lenient-json.ts";

/** A JSON value in which some leaves are non-finite numbers. */
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<unknown>(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
    fc.double({ noDefaultInfinity: true, noNaN: true }),
    fc.constantFrom("NaN", 'a"NaN', "-Infinity\\", '\\"Infinity', "", "N", "I"),
    fc.string(),
    fc.constantFrom(null, true, false),
    fc.array(tie("any"), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom("NaN", "x", 'Infinity"', "-Infinity", "\\"), tie("any"), {
      maxKeys: 3,
    }),
  ),
})).any;

/** Prints as Python does. */
function print(of: unknown, space: string): string {
  if (typeof of === "number") return Number.isFinite(of) ? JSON.stringify(of) : String(of);
  if (Array.isArray(of))
    return `[${space}${of.map((item) => print(item, space)).join(`,${space}`)}${space}]`;
  if (typeof of !== "object" || of === null) return JSON.stringify(of);
  const members = Object.entries(of).map(
    ([key, member]) => `${JSON.stringify(key)}${space}:${space}${print(member, space)}`,
  );
  return `{${members.join(`${space},`)}${space}}`;
}

function expected(of: unknown): unknown {
  if (typeof of === "number")
    return Number.isFinite(of) ? JSON.parse(JSON.stringify(of)) : String(of);
  if (Array.isArray(of)) return of.map(expected);
  if (typeof of !== "object" || of === null) return of;
  return Object.fromEntries(Object.entries(of).map(([key, member]) => [key, expected(member)]));
}

describe("parseLenient", () => {
  it("reads what Python prints: bare words become strings, all else stays, spelling included", () => {
    fc.assert(
      fc.property(value, fc.constantFrom("", " ", "\n"), (of, space) => {
        const text = print(of, space);
        const read = parseLenient(text);
        expect(read.json).toEqual(expected(of));
        expect(JSON.parse(read.text)).toEqual(read.json);
      }),
      { numRuns: 2000 },
    );
  });

  it("gives JSON back as the very same text", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(parseLenient(text).text).toBe(text);
        expect(parseLenient(text).json).toEqual(JSON.parse(text));
      }),
    );
  });

  it.each([
    "NaNa",
    "1NaN",
    "-NaN",
    "--Infinity",
    "{NaN:1}",
    "{ Infinity : 1}",
    "[NaN",
    "nan",
    "Inf",
    "[+Infinity]",
    '"NaN',
    "[NaN NaN]",
    "",
  ])("refuses %s", (text) => {
    expect(() => parseLenient(text)).toThrow(SyntaxError);
  });

  it("takes one pass over a hostile text", () => {
    const text = `[${'"\\\\",'.repeat(200_000)}NaN]`;
    expect((parseLenient(text).json as unknown[]).at(-1)).toBe("NaN");
  });
});

describe("nullWords", () => {
  it("has null where a word was, as JSON.stringify has, and leaves the rest as it came", () => {
    fc.assert(
      fc.property(value, (given) => {
        const printed = nullWords(print(given, " "));
        expect(JSON.parse(printed)).toEqual(JSON.parse(JSON.stringify(given)));
      }),
    );
    const json = '[1.0, 1e-7 ,"NaN","a\\"Infinity", {"NaN" : 12345678901234567890}]';
    expect(nullWords(json)).toBe(json);
  });
});
