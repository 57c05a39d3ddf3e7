/** Any text as a token of a subject, and back. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { fromSubjectToken, subjectToken } from "./subject.ts";

const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: "grapheme" }),
  fc.string({
    unit: fc.constantFrom(
      "=",
      ".",
      "\ufeff",
      "é",
      "漢",
      "\u{1f600}",
      "A",
      "4",
      "0",
      "*",
      ">",
      " ",
      "\0",
    ),
  }),
);

test("is reversible", () => {
  fc.assert(
    fc.property(text, (one) => {
      expect(fromSubjectToken(subjectToken(one))).toBe(one);
    }),
    { numRuns: 2000 },
  );
});

test("is one legal token: never empty, without a dot", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (one) => {
      expect(subjectToken(one)).toMatch(/^[A-Za-z0-9_=-]+$/);
    }),
    { numRuns: 2000 },
  );
});

test("different texts have different tokens", () => {
  fc.assert(
    fc.property(text, text, (one, other) => {
      expect(subjectToken(one) === subjectToken(other)).toBe(one === other);
    }),
  );
});

test.each([
  ["", "="],
  ["monitor-1_a", "monitor-1_a"],
  ["a.b", "a=2Eb"],
  ["=", "=3D"],
  ["é", "=C3=A9"],
  ["\ufeff", "=EF=BB=BF"],
])("%j is %s", (one, token) => {
  expect(subjectToken(one)).toBe(token);
});

test("a lone surrogate becomes U+FFFD", () => {
  expect(fromSubjectToken(subjectToken("a\ud800b"))).toBe("a\ufffdb");
});
