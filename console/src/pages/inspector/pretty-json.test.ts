/** JSON set out in lines. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { prettyJson } from "./pretty-json.ts";

it("is what JSON.stringify would print, however it was spaced", () => {
  fc.assert(
    fc.property(fc.json(), fc.constantFrom(0, 1, 4), (text, spaces) => {
      expect(prettyJson(JSON.stringify(JSON.parse(text), null, spaces))).toBe(
        JSON.stringify(JSON.parse(text), null, 2),
      );
    }),
  );
});

it("keeps the spelling of numbers and texts, and members that are there twice", () => {
  expect(prettyJson('{"a":1.0,"a":12345678901234567890,"b":"\\u0041: {,}"}')).toBe(
    '{\n  "a": 1.0,\n  "a": 12345678901234567890,\n  "b": "\\u0041: {,}"\n}',
  );
});

it("leaves alone what is no JSON", () => {
  expect(prettyJson('{"a":')).toBeUndefined();
  expect(prettyJson("")).toBeUndefined();
});
