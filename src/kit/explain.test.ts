/** Sentences about what did not fit. */
import { expect, onTestFinished, test, vi } from "vitest";
import { z } from "zod";
import { explain } from "./explain.ts";

const schema = z.object({
  user: z.string().max(5),
  lobby: z.union([z.number(), z.string()], { error: "expected a number or a string" }),
  kind: z.enum(["a", "b"]).optional(),
  size: z.union([z.number(), z.string(), z.array(z.object({ n: z.number() }))]).optional(),
  shape: z
    .discriminatedUnion("is", [
      z.object({ is: z.literal("dot") }),
      z.object({ is: z.literal("line") }),
    ])
    .optional(),
  boxes: z.array(z.object({ x: z.number() })).optional(),
});

function explained(value: unknown): string {
  const parsed = schema.safeParse(value);
  if (parsed.success) throw new Error("it fits");
  return explain("join", parsed.error, value);
}

test.each([
  [{ lobby: 1 }, 'join: "user" is missing: expected string'],
  [{ user: 5, lobby: 1 }, 'join: "user" is 5: expected string'],
  [{ user: null, lobby: 1 }, 'join: "user" is null: expected string'],
  [
    { user: "toolong", lobby: 1 },
    'join: "user" is "toolong": Too big: expected string to have <=5 characters',
  ],
  [{ user: "a", lobby: [] }, 'join: "lobby" is a list: expected a number or a string'],
  [
    { user: "a", lobby: 1, kind: "c" },
    'join: "kind" is "c": Invalid option: expected one of "a"|"b"',
  ],
  [
    { user: "a", lobby: 1, boxes: [{ x: 1 }, { x: {} }] },
    'join: "boxes.1.x" is an object: expected number',
  ],
  [
    { user: "a", lobby: 1, size: true },
    'join: "size" is true: expected number, or expected string, or expected array',
  ],
  [
    { user: "a", lobby: 1, size: [{}] },
    'join: "size" is a list: expected number, or expected string, or "0.n" expected number',
  ],
  [
    { user: "a", lobby: 1, shape: { is: "x" } },
    `join: "shape.is" is "x": Invalid discriminator value. Expected 'dot' | 'line'`,
  ],
  ["text", 'join is "text": expected object'],
  [[], "join is a list: expected object"],
])("%j", (value, sentence) => {
  expect(explained(value)).toBe(sentence);
});

test("whatever a client sends, the sentence is short", () => {
  const key = "k".repeat(10_000);
  const value = { [key]: "x".repeat(10_000) };
  for (const foreign of [
    z.record(z.string(), z.number()),
    z.strictObject({}),
    z.string(),
    z.object({ [key]: z.number() }),
  ]) {
    const { error } = foreign.safeParse(value);
    expect(error).toBeDefined();
    if (error !== undefined) expect(explain("sample", error, value).length).toBeLessThan(350);
  }
});

test("a long text costs no more than a short one", () => {
  const value = `"${"\\ud800".repeat(1 << 22)}`;
  const { error } = z.number().safeParse(value);
  const print = vi.spyOn(JSON, "stringify");
  onTestFinished(() => print.mockRestore());
  expect(explain("sample", error ?? new z.ZodError([]), value)).toMatch(/^sample is .{60}…: /);
  expect(print.mock.calls.every(([shown]) => String(shown).length <= 60)).toBe(true);
});

test("members of prototypes are not taken for what came", () => {
  const parsed = z.object({ toString: z.string() }).safeParse({});
  expect(explain("join", parsed.error ?? new z.ZodError([]), {})).toMatch(
    /^join: "toString" is missing: /,
  );
});

test("without a complaint there is still a sentence", () => {
  expect(explain("join", new z.ZodError([]), 1)).toBe("join does not fit its schema");
});
