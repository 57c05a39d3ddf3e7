/** Which schemas have a bound, and what is said of those that have none. */
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { demandBounds } from "./demand-bounds.ts";
import { dictionary } from "./dictionary.ts";

function refusal(schema: z.ZodType): string | undefined {
  try {
    demandBounds({ name: "chat", in: { say: { roles: "any", doc: "", schema } }, routes: {} });
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
    return (error as TypeError).message;
  }
}

const text = z.string().max(10);

interface Tree {
  readonly children: readonly Tree[];
}
const tree: z.ZodType<Tree> = z.object({ children: z.lazy(() => z.array(tree).max(10)) });
const badTree: z.ZodType<Tree> = z.object({ children: z.lazy(() => z.array(badTree)) });
const bySelf = z.object({
  name: text,
  get next() {
    return bySelf.optional();
  },
});

describe("has a bound", () => {
  test.each<readonly [string, z.ZodType]>([
    ["a string with max", text],
    ["a string of a fixed length", z.string().length(32)],
    ["a string whose max comes behind other checks", z.string().trim().min(1).max(10)],
    ["a coerced string with max", z.coerce.string().max(10)],
    ["a format of limited length", z.uuid()],
    ["a format as a check", z.string().check(z.uuid())],
    ["a format with max", z.email().max(320)],
    ["a template with max", z.templateLiteral(["a", z.string()]).check(z.maxLength(10))],
    ["a number", z.number()],
    ["a coerced number", z.coerce.number().int().max(3)],
    ["a bigint", z.bigint()],
    ["a date", z.coerce.date()],
    ["a literal, an enum, null", z.union([z.literal("a"), z.enum(["b", "c"]), z.null()])],
    ["a list with max", z.array(text).max(10)],
    ["a list of a fixed length", z.array(text).length(10)],
    ["a list with min and max", z.array(text).min(1).max(10)],
    ["a set, a map", z.tuple([z.set(text).max(3), z.map(text, text).max(3)])],
    ["a tuple", z.tuple([text, z.array(text).max(10)])],
    ["a dictionary", dictionary(text, { max: 10 })],
    ["a described, optional dictionary", dictionary(text, { max: 10 }).optional().describe("some")],
    ["a record of declared keys", z.record(z.enum(["a", "b"]), text)],
    ["an object", z.object({ a: text, b: z.object({ c: z.boolean() }) })],
    ["a loose object", z.looseObject({ a: text })],
    ["a strict object", z.strictObject({ a: text })],
    ["what is not known", z.tuple([z.unknown(), z.any(), z.custom<string>()])],
    ["modifiers", text.optional().nullable().default("").readonly().describe("a text")],
    ["further modifiers", z.exactOptional(text.prefault("x").catch("y"))],
    ["a union", z.union([text, z.array(z.number()).max(3)])],
    [
      "a discriminated union",
      z.discriminatedUnion("is", [
        z.object({ is: z.literal("dot") }),
        z.object({ is: z.literal("line"), name: text }),
      ]),
    ],
    ["an intersection", z.intersection(z.object({ a: text }), z.object({ b: text }))],
    ["a transformation", text.transform((given) => given.split(","))],
    ["what comes out of a bounded text", text.transform(String).pipe(z.string())],
    ["a preprocessed value", z.preprocess((given) => given, z.object({ a: text }))],
    ["a recursive schema", tree],
    ["a schema that refers to itself", bySelf],
  ])("%s", (_name, schema) => {
    expect(refusal(schema)).toBeUndefined();
    expect(refusal(z.object({ inside: z.array(schema).max(3) }))).toBeUndefined();
  });
});

describe("has no bound", () => {
  test.each<readonly [string, z.ZodType, string]>([
    ["a string", z.string(), "a string of any length: add .max(n)"],
    ["a string with min", z.string().min(1), "a string of any length: add .max(n)"],
    ["a string that matches", z.string().regex(/^a/), "a string of any length: add .max(n)"],
    ["a max of infinity", z.string().max(Number.POSITIVE_INFINITY), "a string of any length"],
    ["a coerced string", z.coerce.string(), "a string of any length"],
    ["a format of any length", z.email(), "a string of any length"],
    ["a template", z.templateLiteral(["a", z.string()]), "a template of any length"],
    ["a word for a boolean", z.stringbool(), "a string of any length"],
    ["a coerced bigint", z.coerce.bigint(), "an integer of any length"],
    ["a list", z.array(text), "a list of any length: add .max(n)"],
    ["a list with min", z.array(text).min(1), "a list of any length"],
    [
      "a list that is bounded too late",
      z
        .array(text)
        .refine((list) => list.length !== 1)
        .max(10),
      "add .max(n), before other checks",
    ],
    ["a set", z.set(text), "a set of any length"],
    ["a map", z.map(text, text), "a map of any length"],
    ["a tuple with a rest", z.tuple([text], text), "a tuple with a rest of any length"],
    ["a record", z.record(text, text), "a record of any size: use dictionary(schema, { max })"],
    ["a partial record", z.partialRecord(z.enum(["a"]), text), "a record of any size"],
    ["a loose record", z.looseRecord(z.enum(["a"]), text), "a record of any size"],
    ["an object of any keys", z.object({}).catchall(text), "an object with any number of keys"],
    ["JSON", z.json(), "a string of any length"],
    ["a modified string", z.string().optional().nullable().default(""), "a string of any length"],
    ["a transformation", z.string().transform(Number), "a string of any length"],
    ["a union", z.union([text, z.string()]), "a string of any length"],
    ["an intersection", z.intersection(z.string(), text), "a string of any length"],
    ["a recursive schema", badTree, '"children" is a list of any length'],
    ["a preprocessed list", z.preprocess((given) => given, z.array(text)), "a list of any length"],
    ["a list behind anything", z.unknown().optional().pipe(z.array(text)), "a list of any length"],
    ["a string in a list", z.array(z.string()).max(3), '"[]" is a string'],
    ["a string in a tuple", z.tuple([text, z.string()]), '"[1]" is a string'],
    ["a string in a set", z.set(z.string()).max(3), '"[]" is a string'],
    ["a key of a map", z.map(z.string(), text).max(3), '"*" is a string'],
    ["a string in a dictionary", dictionary(z.string(), { max: 3 }), '"*" is a string'],
    ["a string in a declared record", z.record(z.enum(["a"]), z.string()), '"*" is a string'],
    [
      "a string deep inside",
      z.object({ a: z.array(z.object({ b: z.string().nullish() })).max(3) }),
      '"a[].b" is a string',
    ],
  ])("%s", (_name, schema, problem) => {
    expect(refusal(schema)).toMatch(/^chat: the message "say": /);
    expect(refusal(schema)).toContain(problem);
    expect(refusal(z.object({ inside: z.array(schema).max(3).optional() }))).toBeDefined();
  });
});

test("names the service, the route and what of it has no bound", () => {
  const route = { method: "POST", path: "/a/:id", roles: "any", doc: "" } as const;
  const id = z.object({ id: z.string() });
  const some = z.object({ id: text });
  expect(() =>
    demandBounds({ name: "chat", in: {}, routes: { list: { ...route, params: id } } }),
  ).toThrow('chat: the params of the route "list": "id" is a string of any length: add .max(n)');
  expect(() =>
    demandBounds({ name: "chat", in: {}, routes: { list: { ...route, params: some, body: id } } }),
  ).toThrow('chat: the body of the route "list": "id" is a string');
  demandBounds({ name: "chat", in: {}, routes: { list: { ...route, params: some, body: some } } });
});

test("says so where JavaScript gives no schema", () => {
  expect(() =>
    demandBounds({ name: "chat", in: { say: { doc: "" } }, routes: {} } as never),
  ).toThrow('chat: the message "say": there is no Zod schema: give it one');
});
