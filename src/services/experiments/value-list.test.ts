/** Lists by their text: whatever is cut out and joined again is spelled as it was. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { demandShort, textsOf, ValueList } from "./value-list.ts";

const number = fc.oneof(
  fc.constantFrom("1.0", "1e-7", "-0.0", "12345678901234567890", "0", "true", "null"),
  fc.double({ noDefaultInfinity: true, noNaN: true }).map((value) => JSON.stringify(value)),
);
const other = fc.oneof(
  fc.constantFrom('"NaN"', '"a,b"', '"\\",["', "[1.0,2]", '{"a":[1,"]"]}', "[]", '"ü, 😀"'),
  fc.json(),
);
const list = fc.oneof(
  fc.array(number, { maxLength: 40 }),
  fc.array(fc.oneof(number, other), { maxLength: 12 }),
);
const space = fc.constantFrom("", " ", "\n ");

describe("ValueList", () => {
  it("gives any span, in pieces that are short enough and follow each other", () => {
    fc.assert(
      fc.property(
        list,
        space,
        fc.nat(),
        fc.nat(),
        fc.integer({ min: 200, max: 400 }),
        fc.boolean(),
        (texts, between, a, b, maxBytes, chunked) => {
          fc.pre(texts.every((text) => Buffer.byteLength(text) <= maxBytes));
          // One list, or several chunks.
          const values = chunked
            ? new ValueList(
                texts.flatMap((text) => ValueList.parsed(`[${between}${text}]`, 1).chunks),
              )
            : ValueList.parsed(
                `[${between}${texts.join(`${between},${between}`)}${between}]`,
                texts.length,
              );
          const [from = 0, to = 0] = [a % (texts.length + 1), b % (texts.length + 1)].sort(
            (x, y) => x - y,
          );
          const pieces = [...values.pieces({ from, to }, maxBytes)];
          expect(pieces.flatMap(({ text }) => textsOf(text))).toEqual(texts.slice(from, to));
          let next = from;
          for (const piece of pieces) {
            expect(piece.from).toBe(next);
            expect(Buffer.byteLength(piece.text)).toBeLessThanOrEqual(maxBytes);
            next = piece.to;
          }
          expect(next).toBe(Math.max(from, to));
        },
      ),
      { numRuns: 2000 },
    );
  });

  it("joins chunks", () => {
    const one = ValueList.parsed("[1.0, 2]", 2);
    const two = ValueList.parsed('["a"]', 1);
    const none = ValueList.parsed("[ ]", 0);
    const all = new ValueList([...one.chunks, ...none.chunks, ...two.chunks]);
    expect([...all.pieces({ from: 0, to: 3 }, 100)]).toEqual([
      { from: 0, to: 3, text: '1.0,2,"a"' },
    ]);
    expect(all.length).toBe(3);
  });

  it.each(["1".repeat(101), `"${"ü".repeat(60)}"`])(
    "refuses a value that is too long for itself",
    (text) => {
      const values = ValueList.parsed(`[1,${text}]`, 2);
      const tooLarge = expect.objectContaining({ code: "too_large" });
      expect(() => [...values.pieces({ from: 0, to: 2 }, 100)]).toThrow(tooLarge);
      const [chunk = { text: "", count: 0 }] = values.chunks;
      expect(() => demandShort(chunk, 100)).toThrow(tooLarge);
      expect(() => demandShort(chunk, 1000)).not.toThrow();
    },
  );
});
