/** The span scanner against JSON.parse, over arbitrary JSON in arbitrary spelling. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { printJson } from "./print-json.ts";
import { RawJson, type RawTree, rawElements, rawMember, rawMembers, rawTree } from "./raw-json.ts";

/** A value as some peer may spell it. `text` has no whitespace around it; the parts are what the scanner must give back. */
interface Spelled {
  readonly text: string;
  readonly members?: readonly (readonly [key: string, value: Spelled])[];
  readonly elements?: readonly Spelled[];
}

const space = fc.string({ unit: fc.constantFrom(" ", "\n", "\r", "\t"), maxLength: 3 });

const number = fc.oneof(
  fc.constantFrom(
    "1.0",
    "1e-7",
    "-0.0",
    "-0",
    "12345678901234567890",
    "-98765432109876543210.5",
    "1E+2",
    "0.10",
    "1e400",
    "0",
  ),
  fc.double({ noDefaultInfinity: true, noNaN: true }).map((value) => JSON.stringify(value)),
);

const shortEscapes = new Map([...'"\\/'].map((char) => [char, `\\${char}`]));
for (const [char, letter] of Object.entries({
  "\b": "b",
  "\f": "f",
  "\n": "n",
  "\r": "r",
  "\t": "t",
}))
  shortEscapes.set(char, `\\${letter}`);

function spellUnit(unit: string, style: "plain" | "short" | "lower" | "upper"): string {
  const code = unit.charCodeAt(0).toString(16).padStart(4, "0");
  if (style === "lower") return `\\u${code}`;
  if (style === "upper") return `\\u${code.toUpperCase()}`;
  const mustEscape = unit === '"' || unit === "\\" || unit < " ";
  if (style === "plain" && !mustEscape) return unit;
  return shortEscapes.get(unit) ?? (mustEscape ? `\\u${code}` : unit);
}

const unit = fc.oneof(
  fc.constantFrom(...'"\\[]{},:/u \n\u0000é漢\u{1f600}'.split("")),
  fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
);
const style = fc.constantFrom("plain", "plain", "short", "lower", "upper");
const string = fc
  .array(fc.tuple(unit, style), { maxLength: 12 })
  .map(
    (units) =>
      `"${units.map(([chars, how]) => [...chars.split("")].map((char) => spellUnit(char, how)).join("")).join("")}"`,
  );

/** Few names, so that keys repeat, also in different spellings of one key. */
const key = fc.oneof(
  string,
  fc.constantFrom(
    '"a"',
    '"\\u0061"',
    '"b\\n"',
    '"b\\u000A"',
    '""',
    '"__proto__"',
    '"1"',
    '"\\\\n"',
    '"boxes"',
  ),
);

function arrayOf(value: fc.Arbitrary<Spelled>): fc.Arbitrary<Spelled> {
  return fc
    .tuple(space, fc.array(fc.tuple(space, value, space), { maxLength: 5 }))
    .map(([empty, items]) => ({
      text: `[${items.length === 0 ? empty : items.map(([before, item, after]) => before + item.text + after).join(",")}]`,
      elements: items.map(([, item]) => item),
    }));
}

function objectOf(value: fc.Arbitrary<Spelled>): fc.Arbitrary<Spelled> {
  return fc
    .tuple(space, fc.array(fc.tuple(space, key, space, space, value, space), { maxLength: 6 }))
    .map(([empty, items]) => ({
      text: `{${items.length === 0 ? empty : items.map(([a, name, b, c, item, d]) => `${a}${name}${b}:${c}${item.text}${d}`).join(",")}}`,
      members: items.map(([, name, , , item]) => [JSON.parse(name) as string, item] as const),
    }));
}

const { value } = fc.letrec<{ value: Spelled }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.oneof(number, string, fc.constantFrom("true", "false", "null")).map((text) => ({ text })),
    arrayOf(tie("value")),
    objectOf(tie("value")),
  ),
}));
const padded = <T extends Spelled>(spelled: fc.Arbitrary<T>) => fc.tuple(space, spelled, space);

describe("rawMembers and rawMember", () => {
  it("give each value in its own spelling, the last of duplicate keys", () => {
    fc.assert(
      fc.property(padded(objectOf(value)), ([before, object, after]) => {
        const text = before + object.text + after;
        const wanted = new Map((object.members ?? []).map(([name, member]) => [name, member.text]));
        const members = rawMembers(text);
        expect([...members]).toEqual([...wanted]);
        for (const [name, member] of wanted) expect(rawMember(text, name)).toBe(member);
        const parsed = JSON.parse(text) as Record<string, unknown>;
        expect(new Set(members.keys())).toEqual(new Set(Object.keys(parsed)));
        for (const [name, parsedMember] of Object.entries(parsed))
          expect(JSON.parse(members.get(name) ?? "")).toEqual(parsedMember);
      }),
      { numRuns: 500 },
    );
  });

  it("know a key by its meaning, not by its spelling", () => {
    const text = '{"a\\n":1, "a\\\\n":2, "\\u0061\\u000a":3.0}';
    expect(rawMember(text, "a\n")).toBe("3.0");
    expect(rawMember(text, "a\\n")).toBe("2");
    expect(rawMember(text, "a")).toBeUndefined();
    expect(rawMember(text, "\\u0061\\u000a")).toBeUndefined();
    expect(rawMember("{}", "a")).toBeUndefined();
  });

  it("look at the top level only", () => {
    const text = '{"outer":{"boxes":[1]},"text":"\\"boxes\\":[2]}","list":[{"boxes":[3]}]}';
    expect(rawMember(text, "boxes")).toBeUndefined();
    expect([...rawMembers(text).keys()]).toEqual(["outer", "text", "list"]);
  });

  it("slice bare words of Python as they came", () => {
    const text = '{"featureMap": [1.0, NaN,{"x":-Infinity}] ,"last":Infinity }';
    expect([...rawMembers(text)]).toEqual([
      ["featureMap", '[1.0, NaN,{"x":-Infinity}]'],
      ["last", "Infinity"],
    ]);
  });

  it("refuse what is not an object, naming it", () => {
    expect(() => rawMembers(" [1,2]")).toThrow(
      expect.objectContaining({ code: "bad_message", message: expect.stringContaining("[1,2]") }),
    );
    expect(() => rawMember('"text"', "a")).toThrow(
      expect.objectContaining({ code: "bad_message" }),
    );
    expect(() => rawMembers("")).toThrow(expect.objectContaining({ code: "bad_message" }));
  });
});

describe("rawTree", () => {
  /** What it is to be, by the functions above. */
  function treeOf(text: string, depth: number): RawTree {
    const members = [...rawMembers(text)];
    return new Map(
      members.map(([key, member]) => [
        key,
        depth > 1 && member.startsWith("{") ? treeOf(member, depth - 1) : member,
      ]),
    );
  }

  it("is rawMembers again and again", () => {
    fc.assert(
      fc.property(
        objectOf(value),
        space,
        space,
        fc.integer({ min: 1, max: 5 }),
        ({ text }, before, after, depth) => {
          expect(rawTree(before + text + after, depth)).toEqual(treeOf(text, depth));
        },
      ),
      { numRuns: 1000 },
    );
  });

  it("refuses what is no object", () => {
    expect(() => rawTree("[1]", 2)).toThrow(expect.objectContaining({ code: "bad_message" }));
  });
});

describe("rawElements", () => {
  it("give each element in its own spelling", () => {
    fc.assert(
      fc.property(padded(arrayOf(value)), ([before, array, after]) => {
        const text = before + array.text + after;
        const elements = rawElements(text);
        expect(elements).toEqual((array.elements ?? []).map((element) => element.text));
        expect(elements.map((element) => JSON.parse(element))).toEqual(JSON.parse(text));
      }),
      { numRuns: 500 },
    );
  });

  it("refuse what is not an array, naming it", () => {
    const long = `{"a":"${"x".repeat(100)}"}`;
    expect(() => rawElements(long)).toThrow(
      expect.objectContaining({
        code: "bad_message",
        message: expect.stringContaining('{"a":"xxx'),
      }),
    );
    expect(() => rawElements("null")).toThrow(expect.objectContaining({ code: "bad_message" }));
  });
});

it("ends on any text", () => {
  const wild = fc.string({ unit: fc.constantFrom(...'[]{},:"\\ a1'.split("")), maxLength: 30 });
  fc.assert(
    fc.property(wild, fc.constantFrom("{", "["), (rest, opening) => {
      const text = opening + rest;
      try {
        if (opening === "{") rawMembers(text);
        else rawElements(text);
      } catch (error) {
        expect(error).toBeInstanceOf(SyntaxError);
      }
    }),
    { numRuns: 2000 },
  );
});

it("ends soon on long strings of escapes and on deep nesting", () => {
  const escapes = JSON.stringify({ a: '\\"'.repeat(200_000), b: 1 });
  expect(rawMember(escapes, "b")).toBe("1");
  const deep = `${"[".repeat(500_000)}1.0${"]".repeat(500_000)}`;
  expect(rawElements(deep)).toEqual([deep.slice(1, -1)]);
});

describe("RawJson", () => {
  it("keeps every spelling through taking apart, printing and taking apart again", () => {
    fc.assert(
      fc.property(arrayOf(value), objectOf(value), (array, object) => {
        const boxes = rawElements(array.text).map((text) => new RawJson(text));
        const rest = Object.fromEntries(
          [...rawMembers(object.text)].map(([name, text]) => [name, new RawJson(text)]),
        );
        const sent = printJson({ type: "relay", boxes, rest, frameId: new RawJson("12.0") });
        const got = rawMembers(sent);
        expect(got.get("frameId")).toBe("12.0");
        expect(rawElements(got.get("boxes") ?? "")).toEqual(
          (array.elements ?? []).map((element) => element.text),
        );
        const last = new Map((object.members ?? []).map(([name, member]) => [name, member.text]));
        expect(rawMembers(got.get("rest") ?? "")).toEqual(last);
      }),
    );
  });

  it("prints as the parsed value in a plain JSON.stringify, and refuses what is not JSON", () => {
    expect(JSON.stringify({ raw: new RawJson('[1.0, {"a":1,"a":2}]') })).toBe(
      '{"raw":[1,{"a":2}]}',
    );
    expect(() => JSON.stringify([new RawJson("NaN")])).toThrow(SyntaxError);
  });
});
