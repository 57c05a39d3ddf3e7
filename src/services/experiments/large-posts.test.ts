/** Posts that are read in slices are stored as small ones are: whole, once, and with their spelling. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { ok, samples, serverPerTest } from "./experiments-harness.suite.ts";

const start = serverPerTest();

/** Longer than what is read natively. */
const padding = " ".repeat(140_000);

/** The text of the nth value: of many kinds, none of which survives printing. */
function valueText(nth: number): string {
  return (
    [`${nth}.50`, `-${nth}e-7`, `"v,${nth}]"`, `[${nth}, {"a":1.0}]`, "NaN"][nth % 5] ?? "null"
  );
}

it("any sequence of repeated and overlapping posts leaves each value once, as it was spelled", async () => {
  const at = await start();
  let xid = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(30), fc.nat(30), fc.boolean()), { minLength: 1, maxLength: 6 }),
      async (posts) => {
        const name = `E${xid++}`;
        let end = 0;
        for (const [one, two, large] of posts) {
          // Each post begins at or before the end of what is stored.
          const first = Math.min(one, end);
          const last = first + two;
          end = Math.max(end, last + 1);
          const list = Array.from({ length: two + 1 }, (_, at) => valueText(first + at)).join(", ");
          const vars = `{${large ? padding : ""}"c":{"x":[${list}]}}`;
          expect(await at.post(samples(vars, { c: [first + 1, last + 1] }), name)).toEqual(ok);
        }
        const expected = Array.from({ length: end }, (_, nth) =>
          valueText(nth).replace("NaN", '"NaN"'),
        );
        expect(await at.stored("x", "c", name)).toBe(`{"data":[${expected.join(",")}]}`);
      },
    ),
    { numRuns: 15 },
  );
}, 60_000);

it("a list of many chunks is stored whole, and its repetition adds what is new", async () => {
  const at = await start();
  const values = Array.from({ length: 200_000 }, (_, nth) => `${nth}.${nth % 10}0`);
  const post = (to: number) =>
    at.post(samples(`{"c":{"x":[${values.slice(0, to).join(",")}]}}`, { c: [1, to] }));
  for (const to of [150_000, 150_000, 200_000]) expect(await post(to)).toEqual(ok);
  expect(await at.stored()).toBe(`{"data":[${values.join(",")}]}`);
}, 60_000);

it("frames read in slices are stored in order", async () => {
  const at = await start();
  const publisher = await at.publisher();
  const values = Array.from({ length: 40_000 }, (_, nth) => `${nth}.0`);
  publisher.send(
    `{"action":"experiment:event","data":[{"chain":"c","data":{"x":[${values.join(",")}]}},{"chain":"c","data":{"x":["last"]}}]}`,
  );
  publisher.send({ action: "experiment:control", data: "finish" });
  expect(await publisher.nextJson()).toMatchObject({ data: "finish" });
  expect(await at.stored()).toBe(`{"data":[${values.join(",")},"last"]}`);
}, 60_000);

it("a large post that is no JSON, holds a value that is too long, or nests too deep is refused", async () => {
  const at = await start({ maxValueBytes: 1000 });
  const long = "1".repeat(2000);
  const numbers = "1.5,".repeat(50_000);
  expect(await at.post(samples(`{"c":{"x":[${numbers}x]}}`, { c: [1, 1] }))).toMatchObject({
    code: "bad_json",
    message: expect.stringMatching(/"x" at character 2000\d\d/),
  });
  expect(
    await at.post(samples(`{"c":{"x":[${numbers}${long}]}}`, { c: [1, 50_001] })),
  ).toMatchObject({
    code: "too_large",
    message: expect.stringContaining("maxValueBytes"),
  });
  const deep = `${"[".repeat(5000)}${"]".repeat(5000)}`;
  expect(
    await at.post(samples(`{"c":{"x":[${numbers}${deep}]}}`, { c: [1, 50_001] })),
  ).toMatchObject({
    code: "bad_message",
    message: expect.stringContaining("maxJsonDepth"),
  });
  expect(await at.get("/experiments")).toEqual({ data: [] });
}, 60_000);
