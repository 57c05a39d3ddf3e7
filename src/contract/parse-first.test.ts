/** Validation ends at the first issue, wherever it is. */
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { dictionary } from "./dictionary.ts";
import { endAtFirstIssue, parseFirst } from "./parse-first.ts";

/** The schema as that of a message. */
function ofMessage<S extends z.ZodType>(schema: S): S {
  endAtFirstIssue({ in: { say: { roles: "any", doc: "", schema } }, routes: {} });
  return schema;
}

/** More issues than a call can have arguments. */
const many = 150_000;
const keys = Object.fromEntries(Array.from({ length: many }, (_, n) => [`k${n}`, 1]));

describe("one issue, however many values are wrong", () => {
  test.each<readonly [string, z.ZodType, unknown]>([
    ["wrong types", z.array(z.string().max(5)).max(many), Array(many).fill(1)],
    ["failed checks", z.array(z.string().min(1).max(5)).max(many), Array(many).fill("")],
    [
      "failed checks in a list in a list",
      z.array(z.array(z.string().min(1)).max(many)).max(3),
      [Array(many).fill("")],
    ],
    ["formats", z.array(z.uuid()).max(many), Array(many).fill("")],
    ["refinements", z.array(z.number().refine((n) => n > 1)).max(many), Array(many).fill(1)],
    [
      "unions",
      z.array(z.union([z.string().min(1), z.array(z.number()).min(1)])).max(many),
      Array(many).fill(""),
    ],
    ["a list over its bound", z.array(z.string()).max(3), Array(many).fill(1)],
    ["unknown keys", z.strictObject({}), keys],
    ["a dictionary over its bound", dictionary(z.string(), { max: 3 }), keys],
    ["a dictionary", dictionary(z.string(), { max: many }), keys],
    ["a transformation", z.array(ofMessage(z.int().transform(String))).max(many), [0.5, 0.5]],
  ])("%s", (_name, schema, value) => {
    const parsed = parseFirst(ofMessage(z.object({ inside: schema })), { inside: value });
    expect(parsed.error?.issues).toHaveLength(1);
    expect(parsed.error?.issues[0]?.message.length).toBeLessThan(200);
  });
});

test("what fits, fits as before", () => {
  const schema = ofMessage(
    z.object({
      texts: z.array(z.string().min(1).max(5)).max(3),
      kind: z.union([z.string().max(3), z.number()]).transform(String),
    }),
  );
  expect(parseFirst(schema, { texts: ["a", "b"], kind: 7, more: 1 }).data).toEqual({
    texts: ["a", "b"],
    kind: "7",
  });
});

test("a length that cannot be compared is an issue, not a fault", () => {
  const length = { toString: 1, valueOf: 1 };
  for (const schema of [
    z.string().max(5),
    z.string().min(1).max(5),
    z.array(z.int()).max(5),
    z.union([z.string().max(5), z.array(z.int()).max(5)]),
  ]) {
    expect(parseFirst(ofMessage(z.object({ a: schema })), { a: { length } }).success).toBe(false);
    expect(parseFirst(ofMessage(z.object({ a: schema })), { a: "soup" }).success).toBe(
      schema.safeParse("soup").success,
    );
  }
});
