/** Objects with keys of the client's. */
import { expect, test } from "vitest";
import { z } from "zod";
import { dictionary } from "./dictionary.ts";

const ages = dictionary(z.int().min(0), { max: 2, maxKeyLength: 5 });

function problems(value: unknown): readonly (readonly [string, string])[] | undefined {
  return ages.safeParse(value).error?.issues.map(({ path, message }) => [path.join("."), message]);
}

test.each([[{}], [{ ann: 1, bob: 2 }]])("takes %j", (value) => {
  expect(ages.parse(value)).toEqual(value);
});

test("refuses what it says, and names the key", () => {
  const tooMany = "expected an object with at most 2 keys";
  expect(problems({ ann: 1, bob: 2, joe: "x" })).toEqual([["", tooMany]]);
  expect(problems({ thomas: 1 })).toEqual([["", "expected keys of at most 5 characters"]]);
  expect(problems({ ann: 1, bob: -1 })?.[0]?.[0]).toBe("bob");
  for (const value of [[], null, 1, "a", undefined])
    expect(problems(value)).toEqual([["", "expected an object"]]);
});

test("looks at no value where there are too many keys", () => {
  let looked = 0;
  const counting = dictionary(
    z.number().refine(() => ++looked > 0),
    { max: 2 },
  );
  expect(counting.safeParse({ a: 1, b: 2, c: 3 }).success).toBe(false);
  expect(looked).toBe(0);
});

test("takes names that objects inherit", () => {
  const value = { constructor: 1, toString: 2, hasOwnProperty: 3 };
  expect(dictionary(z.number(), { max: 3 }).parse(value)).toEqual(value);
});

test("transforms its values, and drops a member that would be the prototype", () => {
  const lengths = dictionary(
    z.string().transform((text) => text.length),
    { max: 9 },
  );
  const parsed = lengths.parse(JSON.parse('{"a":"xyz","__proto__":"no"}'));
  expect(parsed).toEqual({ a: 3 });
  expect(Object.getPrototypeOf(parsed)).toBe(Object.prototype);
});

test("is an object with its bounds in JSON Schema", () => {
  const schema = z.object({ ages: ages.nullish().describe("by name") });
  expect(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" })).toMatchObject({
    properties: {
      ages: {
        description: "by name",
        anyOf: [
          {
            type: "object",
            maxProperties: 2,
            propertyNames: { type: "string", maxLength: 5 },
            additionalProperties: { type: "integer", minimum: 0 },
          },
          { type: "null" },
        ],
      },
    },
  });
});
