/** Rows out of CSV and JSON lines, however the bytes come. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type SampleRow, sampleRows } from "./sample-rows.ts";

async function* cut(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function rowsOf(text: string, size = 1 << 16): Promise<SampleRow[]> {
  const rows: SampleRow[] = [];
  for await (const row of sampleRows(cut(text, size))) rows.push(row);
  return rows;
}

describe("CSV", () => {
  it("has the variables in its first line, and one draw a line", async () => {
    expect(await rowsOf('mu,"a, b",chain\n1.5,2,c1\n-3e2,,\ntrue,NaN,c1\n')).toEqual([
      { line: 2, chain: "c1", values: { mu: 1.5, "a, b": 2 } },
      { line: 3, chain: undefined, values: { mu: -300, "a, b": null } },
      { line: 4, chain: "c1", values: { mu: true, "a, b": "NaN" } },
    ]);
  });

  it.each([
    ["mu,mu\n1,2\n", 'line 1: the column "mu" is there twice'],
    ["mu,\n1,2\n", "column 2 has no name"],
    ["1.5,2\n1.7,3\n", "numbers, not names"],
    ["mu,tau\n1\n", "line 2"],
    ['mu\n"1\n', "Quote"],
  ])("%j is refused, with the line", async (text, message) => {
    await expect(rowsOf(text)).rejects.toThrow(message);
  });
});

describe("JSON lines", () => {
  it("are objects of variables", async () => {
    expect(await rowsOf('\n{"mu":1.5,"chain":"a"}\r\n\n{"x":[1,2]}')).toEqual([
      { line: 2, chain: "a", values: { mu: 1.5 } },
      { line: 4, chain: undefined, values: { x: [1, 2] } },
    ]);
  });

  it.each([
    ['{"mu":1}\n{"mu":\n', "line 2 is not JSON"],
    ['{"mu":1}\n[1]\n', "line 2: expected an object"],
    ['{"mu":1,"chain":3}\n', '"chain" must be a string'],
  ])("%j is refused, with the line", async (text, message) => {
    await expect(rowsOf(text)).rejects.toThrow(message);
  });
});

it("nothing in, nothing out", async () => {
  expect(await rowsOf("")).toEqual([]);
  expect(await rowsOf(" \n\n")).toEqual([]);
});

it("reads the same wherever the bytes are cut", async () => {
  const name = fc.stringMatching(/^[a-zé漢]{1,8}$/);
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(name, { minLength: 1, maxLength: 4 }),
      fc.array(fc.double({ noNaN: true }), { maxLength: 20 }),
      fc.integer({ min: 1, max: 9 }),
      async (names, values, size) => {
        fc.pre(!names.includes("chain"));
        const rows = values.map((value) =>
          Object.fromEntries(names.map((each) => [each, Object.is(value, -0) || !Number.isFinite(value) ? 0 : value])),
        );
        const json = rows.map((row) => JSON.stringify(row)).join("\n");
        const csv = [names.join(","), ...rows.map((row) => Object.values(row).join(","))].join("\n");
        expect((await rowsOf(json, size)).map((row) => row.values)).toEqual(rows);
        expect((await rowsOf(csv, size)).map((row) => row.values)).toEqual(rows);
      },
    ),
    { numRuns: 50 },
  );
});
