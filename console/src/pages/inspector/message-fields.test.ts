/** Forms from JSON Schemas, and the frames they make. */
import { describe, expect, it } from "vitest";
import type { JsonSchema } from "../../session/use-contracts.ts";
import { filledPath, paramsOf } from "./draft.ts";
import { fieldsOf, frameOf } from "./message-fields.ts";
import { problemOf } from "./schema-check.ts";

const schema: JsonSchema = {
  type: "object",
  properties: {
    user: { type: "string", maxLength: 5 },
    lobby_id: { anyOf: [{ type: "number" }, { type: "string", maxLength: 3 }] },
    late: { type: ["boolean", "null"], description: "Later" },
    how: { type: "string", const: "finish" },
    n: { type: "integer", minimum: 1, maximum: 9 },
    data: {
      type: "array",
      maxItems: 2,
      items: { type: "object", properties: { chain: { type: "string" } }, required: ["chain"] },
    },
    anything: {},
  },
  required: ["user", "lobby_id"],
};
const fields = fieldsOf(schema);
const frame = (filled: Record<string, string>) => frameOf({ named: { type: "m" } }, fields, filled);

describe("a form", () => {
  it("has a field of the right kind for each property", () => {
    expect(fields.map(({ name, kind, required }) => [name, kind, required])).toEqual([
      ["user", "text", true],
      ["lobby_id", "value", true],
      ["late", "choice", false],
      ["how", "choice", false],
      ["n", "value", false],
      ["data", "json", false],
      ["anything", "json", false],
    ]);
    expect(fields[2]).toMatchObject({
      choices: ["true", "false", "null"],
      hint: "boolean, may be left out. Later",
    });
    expect(fields[3]?.choices).toEqual(['"finish"']);
  });

  it("makes the frame, without what is left out", () => {
    const { text, problems } = frame({
      user: "7",
      lobby_id: "10",
      late: "false",
      how: '"finish"',
      data: '[{"chain":"a"}]',
      anything: "null",
    });
    expect(text).toBe(
      '{"type":"m","user":"7","lobby_id":10,"late":false,"how":"finish","data":[{"chain":"a"}],"anything":null}',
    );
    expect(problems).toEqual({});
    expect(frame({ user: "a", lobby_id: "b" }).text).toBe('{"type":"m","user":"a","lobby_id":"b"}');
  });

  it.each([
    [{ user: "" }, "user", "Fill this in."],
    [{ user: "abcdef" }, "user", "At most 5 characters, not 6."],
    [{ lobby_id: "abcd" }, "lobby_id", "At most 3 characters, not 4."],
    [{ n: "soon" }, "n", "Not an integer."],
    [{ n: "1.5" }, "n", "Not an integer."],
    [{ n: "0" }, "n", "At least 1."],
    [{ n: "10" }, "n", "At most 9."],
    [{ data: "[" }, "data", 'Not JSON: texts need quotes, as in ["a", "b"].'],
    [{ data: "{}" }, "data", "Not an array."],
    [{ data: "[{}]" }, "data", '[0]: "chain" is missing.'],
    [{ data: '[{"chain":1}]' }, "data", "[0].chain: not a text."],
    [{ data: "[1,2,3]" }, "data", "At most 2 items, not 3."],
  ])("says of %j what is wrong", (filled, name, problem) => {
    expect(frame({ user: "dan", lobby_id: "1", ...filled }).problems).toEqual({ [name]: problem });
  });
});

it("checks what contracts use of JSON Schema", () => {
  const map: JsonSchema = { type: "object", additionalProperties: { type: "integer", minimum: 0 } };
  expect([problemOf(map, { a: 1 }), problemOf(map, { a: -1 })]).toEqual([
    undefined,
    "a: at least 0",
  ]);
  const either: JsonSchema = {
    anyOf: [{ anyOf: [{ type: "number" }, { type: "string" }] }, { type: "null" }],
  };
  expect([1, "a", null, true].map((value) => problemOf(either, value) === undefined)).toEqual([
    true,
    true,
    true,
    false,
  ]);
  expect(problemOf({ enum: ["a", 1] }, "b")).toBe('must be one of "a", 1');
});

it("fills a path's parameters", () => {
  expect(paramsOf("/experiments/:xid/publish")).toEqual(["xid"]);
  expect(filledPath("/experiments/:xid/publish", { xid: "a b/c" })).toBe(
    "/experiments/a%20b%2Fc/publish",
  );
  expect(filledPath("/experiments/:xid", {})).toBeUndefined();
  expect(filledPath("/lobby", {})).toBe("/lobby");
});
