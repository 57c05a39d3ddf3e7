/** printJson against JSON.stringify, with and without values that bring their own text. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { printJson } from "./print-json.ts";
import { RawJson } from "./raw-json.ts";

const spellings = [
  "1.0",
  "1e-7",
  "-0.0",
  "12345678901234567890",
  "1E+2",
  '"\\u0061"',
  "[ 1.0,{} ]",
  '{"a":1,"a":2}',
  "NaN",
];
const mark = (index: number) => `\uE000${index}\uE000`;
const raws = spellings.map((text) => new RawJson(text));

/** What JSON.stringify prints with a marked string in the place of each RawJson, then the marks replaced by the texts. */
function expected(build: (raw: (index: number) => unknown) => unknown): string {
  const text = JSON.stringify(build(mark));
  return spellings.reduce(
    (printed, spelling, index) => printed.replaceAll(JSON.stringify(mark(index)), () => spelling),
    text,
  );
}

/** A function that builds a value with the leaf for each RawJson handed in. */
type Build = (raw: (index: number) => unknown) => unknown;

const plainLeaf = fc
  .oneof(
    fc.string(),
    fc.string({ unit: "binary" }),
    fc.double(),
    fc.boolean(),
    fc.constantFrom(null, undefined, Symbol("s"), () => 1, -0),
    fc.constantFrom(
      new Date(0),
      new Date(Number.NaN),
      new Number(1),
      new String("boxed"),
      new Boolean(false),
      new Map([[1, 2]]),
      /x/,
    ),
  )
  .map(
    (leaf): Build =>
      () =>
        leaf,
  );
const rawLeaf = fc.nat({ max: spellings.length - 1 }).map(
  (index): Build =>
    (raw) =>
      raw(index),
);

const { build } = fc.letrec<{ build: Build }>((tie) => ({
  build: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    plainLeaf,
    rawLeaf,
    fc.array(tie("build"), { maxLength: 5 }).map(
      (items): Build =>
        (raw) =>
          items.map((item) => item(raw)),
    ),
    fc.dictionary(fc.string(), tie("build"), { maxKeys: 5 }).map(
      (members): Build =>
        (raw) =>
          Object.fromEntries(Object.entries(members).map(([key, member]) => [key, member(raw)])),
    ),
    tie("build").map(
      (inner): Build =>
        (raw) => ({ toJSON: (key: string) => ({ key, inner: inner(raw) }) }),
    ),
    tie("build").map(
      (inner): Build =>
        (raw) => ({ toJSON: () => inner(raw) }),
    ),
  ),
}));

describe("printJson", () => {
  it("prints as JSON.stringify does where there is no RawJson", () => {
    const anything = fc.anything({
      withBoxedValues: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withNullPrototype: true,
      withObjectString: true,
      withSparseArray: true,
      withTypedArray: true,
      withUnicodeString: true,
    });
    fc.assert(
      fc.property(anything, (value) => {
        expect(printJson([value])).toBe(JSON.stringify([value]));
        expect(printJson({ value, raw: new RawJson("1.0") })).toBe(
          `${JSON.stringify({ value, raw: 0 }).slice(0, -2)}1.0}`,
        );
      }),
      { numRuns: 500 },
    );
  });

  it("splices each RawJson verbatim, at any depth and out of any toJSON", () => {
    fc.assert(
      fc.property(build, (item) => {
        expect(printJson([item((index) => raws[index])])).toBe(expected((raw) => [item(raw)]));
      }),
      { numRuns: 1000 },
    );
  });

  it("takes a RawJson alone", () => {
    expect(printJson(new RawJson(" 1.0 "))).toBe(" 1.0 ");
  });

  it("splices beside members without JSON form, inherited ones and holes", () => {
    const raw = new RawJson("1.0");
    const inherited = Object.assign(Object.create({ inherited: raw }), { own: 1 });
    expect(printJson({ a: undefined, b: raw, c: () => raw, [Symbol("d")]: raw })).toBe('{"b":1.0}');
    // biome-ignore lint/suspicious/noSparseArray: the hole is what is tested
    expect(printJson([, raw, undefined])).toBe("[null,1.0,null]");
    expect(printJson([inherited, raw])).toBe('[{"own":1},1.0]');
    expect(printJson(JSON.parse('{"__proto__":{"x":1}}'))).toBe('{"__proto__":{"x":1}}');
  });

  it("calls toJSON once, with the key", () => {
    const keys: string[] = [];
    const again = { toJSON: () => "called twice", raw: new RawJson("1.0") };
    const value = {
      toJSON(key: string) {
        keys.push(key);
        return again;
      },
    };
    expect(printJson({ list: [0, value], member: value })).toBe(
      '{"list":[0,{"raw":1.0}],"member":{"raw":1.0}}',
    );
    expect(printJson(value)).toBe('{"raw":1.0}');
    expect(keys).toEqual(["1", "member", ""]);
  });

  it("refuses what has no JSON form", () => {
    for (const value of [undefined, () => 1, Symbol("s"), { toJSON: () => undefined }]) {
      expect(() => printJson(value)).toThrow(expect.objectContaining({ code: "internal" }));
    }
    expect(() => printJson({ big: 1n })).toThrow(TypeError);
    expect(() => printJson({ big: 1n, raw: new RawJson("1.0") })).toThrow(TypeError);
    const circular: unknown[] = [new RawJson("1.0")];
    circular.push(circular);
    expect(() => printJson(circular)).toThrow(RangeError);
    expect(() => printJson(circular.slice(1))).toThrow(RangeError);
  });
});
