/** Reading in slices takes, refuses and gives what the native parser does, however the text is cut. */
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { isSwitchboardError } from "./error.ts";
import { demandJsonBounds } from "./json-meter.ts";
import { JsonFault, jsonFault } from "./json-scanner.ts";
import { type JsonPath, JsonSlices, readSlices } from "./json-slices.ts";
import { KeptList } from "./kept-list.ts";
import { parseLenient } from "./lenient-json.ts";
import { rawElements } from "./raw-json.ts";

/** JSON in spellings that `JSON.stringify` does not print. */
const scalar = fc.constantFrom(
  "0",
  "-0",
  "1.50",
  "-1e-7",
  "2E+10",
  "123456789012345678901234567890",
  "true",
  "false",
  "null",
  '""',
  '"a,]}"',
  '"\\"\\\\"',
  '"\\\\"',
  '"\\ud83d\\ude00\\u00e9\\n"',
  '"ü😀"',
  '"NaN"',
  `"${"long ".repeat(20)}\\u0041"`,
  `"${"\\\\".repeat(40)}"`,
  "1".repeat(60),
);
const bareWord = fc.constantFrom("NaN", "Infinity", "-Infinity");
const key = fc.constantFrom('"a"', '"b"', '"a"', '"\\u0061"', '"__proto__"', '"1"', '"k\\\\"');
const space = fc.constantFrom("", "", " ", "\n\t", " ".repeat(1200));

function textOf(leaf: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.letrec<{ value: string }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      leaf,
      fc
        .tuple(fc.array(tie("value"), { maxLength: 6 }), space)
        .map(
          ([values, between]) => `[${between}${values.join(`${between},${between}`)}${between}]`,
        ),
      fc
        .tuple(fc.array(fc.tuple(key, tie("value")), { maxLength: 5 }), space)
        .map(
          ([members, between]) =>
            `{${members.map(([name, value]) => `${between}${name}${between}:${value}`).join(",")}${between}}`,
        ),
    ),
  })).value;
}

const strict = textOf(scalar);
const lenient = textOf(fc.oneof(scalar, scalar, bareWord));
const spoiled = (text: fc.Arbitrary<string>) =>
  fc
    .tuple(
      text,
      fc.nat(),
      fc.nat(3),
      fc.constantFrom(
        "",
        ",",
        "]",
        "}",
        "[",
        '"',
        "\\",
        ":",
        "1",
        ".",
        "-",
        " ",
        "N",
        "\n",
        "u",
        "é",
      ),
    )
    .map(([valid, seed, cut, piece]) => {
      const at = seed % (valid.length + 1);
      return valid.slice(0, at) + piece + (cut === 3 ? "" : valid.slice(at + cut));
    });
const length = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 2000 }));

function sliced(
  text: string,
  pieceLength: number,
  options: ConstructorParameters<typeof JsonSlices>[0],
): { readonly json: unknown; readonly text: string } {
  const slices = new JsonSlices(options);
  for (let at = 0; at < text.length; at += pieceLength)
    slices.push(text.slice(at, at + pieceLength));
  return slices.end();
}

function outcomeOf<T>(work: () => T): { readonly value: T } | { readonly fault: number } {
  try {
    return { value: work() };
  } catch (error) {
    if (error instanceof JsonFault) return { fault: error.at };
    if (error instanceof SyntaxError) return { fault: -1 };
    throw error;
  }
}

/** Prints also what `toEqual` passes over: the order of members, -0 and own `__proto__`s. */
function printed(value: unknown): string {
  if (Object.is(value, -0)) return "-0";
  if (Array.isArray(value)) return `[${value.map(printed).join(",")}]`;
  if (typeof value !== "object" || value === null) return String(JSON.stringify(value));
  return `{${Object.entries(value)
    .map(([name, member]) => `${JSON.stringify(name)}:${printed(member)}`)
    .join(",")}}`;
}

describe("JsonSlices", () => {
  it("gives what JSON.parse gives, or refuses where it does", () => {
    fc.assert(
      fc.property(
        fc.oneof(strict, spoiled(strict), fc.json(), spoiled(fc.json())),
        length,
        length,
        (text, pieceLength, sliceLength) => {
          const native = outcomeOf(() => JSON.parse(text) as unknown);
          const own = outcomeOf(() => sliced(text, pieceLength, { sliceLength }).json);
          if ("value" in native) {
            expect(own).toHaveProperty("value");
            if ("value" in own) expect(printed(own.value)).toBe(printed(native.value));
          } else expect(own).toEqual({ fault: jsonFault(text)?.at });
        },
      ),
      { numRuns: 4000 },
    );
  });

  it("gives what parseLenient gives, text included, or refuses where it does", () => {
    fc.assert(
      fc.property(
        fc.oneof(lenient, spoiled(lenient)),
        length,
        length,
        (text, pieceLength, sliceLength) => {
          const native = outcomeOf(() => parseLenient(text));
          const own = outcomeOf(() => sliced(text, pieceLength, { sliceLength, lenient: true }));
          if ("value" in native) {
            expect(own).toHaveProperty("value");
            if (!("value" in own)) return;
            expect(printed(own.value.json)).toBe(printed(native.value.json));
            expect(tight(own.value.text)).toBe(tight(native.value.text));
          } else expect(own).toEqual({ fault: jsonFault(text, true)?.at });
        },
      ),
      { numRuns: 4000 },
    );
  });

  it("keeps lists at their places by their elements' texts", () => {
    const keeps: JsonPath[] = [
      ["a", "*"],
      ["b", "*", "a"],
    ];
    fc.assert(
      fc.property(
        fc.oneof(lenient, spoiled(lenient)),
        fc.oneof(lenient, spoiled(lenient)),
        length,
        length,
        (one, two, pieceLength, sliceLength) => {
          const text = `{"a":{"x":${one},"1":[${two},${one}],"x":[1, ${two}]},"b":[{"a":${one}},{"a":[2 ,${two}]}]}`;
          const native = outcomeOf(() => parseLenient(text));
          const own = outcomeOf(() =>
            sliced(text, pieceLength, { sliceLength, lenient: true, keeps }),
          );
          if (!("value" in native)) {
            expect(own).toEqual({ fault: jsonFault(text, true)?.at });
            return;
          }
          expect(own).toHaveProperty("value");
          if (!("value" in own)) return;
          expect(printed(plain(own.value.json))).toBe(printed(native.value.json));
          const json = own.value.json as { a: { x: KeptList }; b: [unknown, { a: KeptList }] };
          const quoted = parseLenient(`[2,${two}]`).text;
          const list = json.b[1].a;
          const texts = list.chunks.flatMap((chunk) => {
            const elements = rawElements(`[${chunk.text}]`);
            expect(elements).toHaveLength(chunk.count);
            expect(elements.join(",")).toBe(chunk.text);
            if (chunk.count > 1) expect(chunk.text.length).toBeLessThanOrEqual(2 * sliceLength + 2);
            return elements;
          });
          expect(texts.map(tight)).toEqual(rawElements(quoted).map(tight));
          expect(list.length).toBe(texts.length);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it("bounds values outside kept lists as the meter does, and the depth everywhere", () => {
    fc.assert(
      fc.property(
        strict,
        length,
        fc.integer({ min: 1, max: 30 }),
        fc.nat(4),
        (text, piece, max, deep) => {
          const bounds = { maxJsonValues: max, maxJsonDepth: deep + 1 };
          const refusal = (work: () => unknown) => {
            try {
              work();
              return "";
            } catch (error) {
              if (isSwitchboardError(error, "too_large")) return error.message;
              throw error;
            }
          };
          expect(refusal(() => sliced(text, piece, { bounds, sliceLength: 20 }))).toBe(
            refusal(() => demandJsonBounds(text, bounds)),
          );
        },
      ),
      { numRuns: 1000 },
    );
    const bounds = { maxJsonValues: 3, maxJsonDepth: 3 };
    const keeps = [["a"]];
    expect(() => sliced(`{"a":[1,2,3,[4,5,6]]}`, 5, { keeps, bounds })).not.toThrow();
    expect(() => sliced(`{"a":[[[]]]}`, 5, { keeps, bounds })).toThrow("maxJsonDepth");
    expect(() => sliced(`{"b":[1,2,3]}`, 5, { keeps, bounds })).toThrow("maxJsonValues");
  });

  it("hands no more than two slices to the native parser at once", () => {
    const native = JSON.parse;
    let longest = 0;
    JSON.parse = (text: string) => {
      longest = Math.max(longest, text.length);
      return native(text) as unknown;
    };
    try {
      const objects = `[${"{},".repeat(50_000)}{"deep":[[${"1,".repeat(50_000)}2]]}]`;
      const members = Array.from({ length: 20_000 }, (_, nth) => `"key ${nth}":{"a":[${nth}]}`);
      const strings = JSON.stringify({ long: "é\n".repeat(100_000), short: "" });
      for (const text of [objects, `{${members.join(",")}}`, strings]) {
        const { json } = sliced(text, 1000, { sliceLength: 1000 });
        expect(JSON.stringify(json)).toBe(text);
      }
    } finally {
      JSON.parse = native;
    }
    expect(longest).toBeGreaterThan(900);
    expect(longest).toBeLessThan(2010);
  });
});

test("a text that is there as a whole is read slice by slice", async () => {
  let slices = 0;
  const take = async () => {
    slices++;
  };
  const text = JSON.stringify(Array.from({ length: 1000 }, (_, nth) => nth));
  expect((await readSlices(text, { sliceLength: 100 }, take)).json).toEqual(JSON.parse(text));
  expect(slices).toBe(Math.ceil(text.length / 100));
});

/** With kept lists as their values. */
function plain(value: unknown): unknown {
  if (value instanceof KeptList) return value.toJSON();
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)]));
}

/** Without whitespace, of which much is dropped. */
function tight(text: string): string {
  return text.replace(/\s+/g, "");
}
