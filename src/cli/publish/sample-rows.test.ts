/** Rows out of CSV and JSON lines, however the bytes come. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { within } from "../../../test/support/inbox.ts";
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

/** As `SampleRow`, its values parsed. */
async function parsed(text: string, size?: number) {
  const pairOf = ([name, json]: [string, string]) => [name, JSON.parse(json)];
  return (await rowsOf(text, size)).map(({ values, ...row }) => ({
    ...row,
    values: Object.fromEntries(Array.from(values, pairOf)),
  }));
}

describe("CSV", () => {
  it("has the variables in its first line, and one draw a line", async () => {
    expect(await parsed('mu,"a, b",chain\n1.5,2,c1\n-3e2,,\ntrue,NaN,c1\n')).toEqual([
      { line: 2, chain: "c1", values: { mu: 1.5, "a, b": 2 } },
      { line: 3, chain: undefined, values: { mu: -300, "a, b": null } },
      { line: 4, chain: "c1", values: { mu: true, "a, b": "NaN" } },
    ]);
  });

  it.each([
    ["mu,mu\n1,2\n", 'line 1: the column "mu" is there twice'],
    ["mu,\n1,2\n", "column 2 has no name"],
    ["1.5,2\n1.7,3\n", "numbers, not names"],
    ["chain\n1\n", 'line 1 names no variable beside "chain"'],
    ["mu,tau\n1\n", "line 2"],
    ["mu,tau\n1,2\n3,4\n5\n", "line 4"],
    ['mu\n"1\n', "Quote"],
  ])("%j is refused, with the line", async (text, message) => {
    await expect(rowsOf(text)).rejects.toThrow(message);
  });
});

describe("JSON lines", () => {
  it("are objects of variables", async () => {
    expect(await parsed('\n{"mu":1.5,"chain":"a"}\r\n\n{"x":[1,2]}')).toEqual([
      { line: 2, chain: "a", values: { mu: 1.5 } },
      { line: 4, chain: undefined, values: { x: [1, 2] } },
    ]);
  });

  it.each([
    ['{"mu":1}\n{"mu":\n', "line 2 is not JSON"],
    ['{"mu":1}\n[1]\n', "line 2: expected an object"],
    ['{"mu":1}\n{}\n', "line 2 has no variable"],
    ['{"chain":"a"}\n', "line 1 has no variable"],
    ['{"mu":1,"chain":3}\n', '"chain" must be a string'],
  ])("%j is refused, with the line", async (text, message) => {
    await expect(rowsOf(text)).rejects.toThrow(message);
  });
});

describe("a number", () => {
  const spellings = [
    "12345678901234567890",
    "-0",
    "1.0",
    "1e-7",
    "1E400",
    "0.10000000000000000001",
  ];

  it.each(["csv", "jsonl"] as const)("keeps its spelling in %s", async (format) => {
    const lines =
      format === "csv" ? ["mu", ...spellings] : spellings.map((spelling) => `{"mu": ${spelling} }`);
    expect((await rowsOf(lines.join("\n"))).map(({ values }) => values.get("mu"))).toEqual(
      spellings,
    );
  });
});

describe("out of a live pipe", () => {
  const lineEnd = fc.constantFrom("\n", "\r\n");
  const csvCell = fc.constantFrom(
    "1",
    "-2.5",
    "",
    "text",
    "\"quoted, 'so'\"",
    '"say ""so"""',
    '"two\nlines"',
    '"two\r\nlines"',
    " 3 ",
    '""',
  );
  const csv = fc
    .tuple(lineEnd, fc.array(fc.tuple(csvCell, csvCell), { maxLength: 8 }), fc.array(fc.boolean()))
    .map(([end, cells, gaps]) => [
      `"mu\n1",tau${end}`,
      ...cells.map((row, at) => `${gaps[at] ? end : ""}1,${row.join(",")}${end}`),
    ])
    .map(([head = "", ...rows]) => [head.replace("tau", "tau,rho"), ...rows]);
  const jsonl = fc
    .tuple(
      lineEnd,
      fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 8 }),
    )
    .map(([end, values]) => [
      "",
      ...values.map((mu) => JSON.stringify({ mu, text: '漢\n"' }) + end),
    ]);

  it("each row comes as soon as its line feed has, wherever the bytes are cut", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(csv, jsonl),
        fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1 }),
        async (lines, sizes) => {
          const bytes = Buffer.from(lines.join(""));
          // Where each row's line feed has come; the first line is no row.
          const ends = lines
            .slice(1)
            .map((_, nth) => Buffer.byteLength(lines.slice(0, nth + 2).join("")));
          let came = 0;
          let tell = () => {};
          const until = async (count: number) => {
            while (came < count) await new Promise<void>((resolve) => (tell = resolve));
          };
          const live = (async function* () {
            for (let at = 0, nth = 0; at < bytes.length; nth++) {
              const next = Math.min(bytes.length, at + (sizes[nth % sizes.length] ?? 1));
              yield bytes.subarray(at, next);
              at = next;
              const due = ends.filter((end) => end <= at).length;
              await within(
                until(due),
                `row ${due} after ${at} bytes of ${JSON.stringify(lines.join(""))}`,
                5000,
              );
            }
          })();
          for await (const _ of sampleRows(live)) {
            came++;
            tell();
          }
          expect(came).toBe(ends.length);
        },
      ),
      { numRuns: 300, endOnFailure: true },
    );
  });
});

it("of UTF-16 are read, too", async () => {
  const utf16 = async function* () {
    yield Buffer.from("\ufeffmu\n1\n2\n", "utf16le");
  };
  const values: unknown[] = [];
  for await (const row of sampleRows(utf16())) values.push(row.values.get("mu"));
  expect(values).toEqual(["1", "2"]);
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
          Object.fromEntries(
            names.map((each) => [
              each,
              Object.is(value, -0) || !Number.isFinite(value) ? 0 : value,
            ]),
          ),
        );
        const json = rows.map((row) => JSON.stringify(row)).join("\n");
        const csv = [names.join(","), ...rows.map((row) => Object.values(row).join(","))].join(
          "\n",
        );
        expect((await parsed(json, size)).map((row) => row.values)).toEqual(rows);
        expect((await parsed(csv, size)).map((row) => row.values)).toEqual(rows);
      },
    ),
    { numRuns: 50 },
  );
});
