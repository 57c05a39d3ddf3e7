/** The crowd's pure rules: permutations, results, agreement, shares. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { csv } from "./csv.ts";
import { agreement, agreementShare, parsePermutation, tieSets } from "./rules.ts";
import { timeText } from "./stats.ts";

const permutationOf = (size: number) =>
  fc.shuffledSubarray(
    Array.from({ length: size }, (_, n) => n),
    { minLength: size, maxLength: size },
  );

describe("permutations", () => {
  it("come as lists and as strings", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }).chain(permutationOf), (wanted) => {
        expect(parsePermutation(wanted, wanted.length)).toEqual(wanted);
        expect(parsePermutation(wanted.join(","), wanted.length)).toEqual(wanted);
        expect(parsePermutation(wanted.join(", "), wanted.length)).toEqual(wanted);
      }),
    );
  });

  it.each([
    [[0, 1]],
    [[0, 1, 1]],
    [[0, 1, 3]],
    [[1, 2, 3]],
    [[0, 1, 2, 3]],
    [[0, 1, 0.5]],
    [[-1, 0, 1]],
    ["0,1"],
    ["0,1,"],
    ["a,b,c"],
    [""],
    ["0 1 2"],
    [[]],
  ])("%j is none of three, and the error says so", (given) => {
    expect(() => parsePermutation(given, 3)).toThrow(/each of 0 to 2 once/);
  });
});

describe("the result of rankings", () => {
  it("has the sums of places, equal ones as ties, the best last", () => {
    expect(tieSets([[0, 1, 2]])).toEqual([[0], [1], [2]]);
    expect(
      tieSets([
        [0, 1, 2],
        [2, 1, 0],
      ]),
    ).toEqual([[0, 1, 2]].map((set) => [...set]));
    expect(
      tieSets([
        [0, 1, 2],
        [1, 0, 2],
      ]),
    ).toEqual([[0, 1], [2]]);
    expect(
      tieSets([
        [0, 1, 2],
        [0, 2, 1],
      ]),
    ).toEqual([[0], [1, 2]]);
  });

  it("is as a plain count of each index says", () => {
    const rankings = fc
      .integer({ min: 1, max: 6 })
      .chain((size) => fc.array(permutationOf(size), { minLength: 1, maxLength: 6 }));
    fc.assert(
      fc.property(rankings, (given) => {
        const size = given[0]?.length ?? 0;
        const sum = (index: number) =>
          given.reduce((total, ranking) => total + ranking.indexOf(index), 0);
        const result = tieSets(given);
        expect(result.flat().sort((a, b) => a - b)).toEqual(
          Array.from({ length: size }, (_, n) => n),
        );
        for (const set of result) expect(new Set(set.map(sum)).size).toBe(1);
        const sums = result.map(([first = -1]) => sum(first));
        expect(sums).toEqual([...new Set(sums)].sort((a, b) => a - b));
      }),
    );
  });
});

describe("agreement", () => {
  // A, B, C are 0, 1, 2; the ranking is A, C, B.
  it.each([
    [[[0], [1], [2]], -2],
    [[[0, 1], [2]], -2],
    [[[0], [1, 2]], 0],
  ])("of A,C,B with %j is %i", (result, wanted) => {
    expect(agreement(result, [0, 2, 1])).toBe(wanted);
  });

  it("is the number of ordered pairs that differ, and its share goes from 1 for the result itself to 0 for its reverse", () => {
    const both = fc
      .integer({ min: 2, max: 7 })
      .chain((size) =>
        fc.tuple(
          fc.array(permutationOf(size), { minLength: 1, maxLength: 4 }),
          permutationOf(size),
        ),
      );
    fc.assert(
      fc.property(both, ([rankings, ranking]) => {
        const result = tieSets(rankings);
        const size = ranking.length;
        const place = (index: number) => result.findIndex((set) => set.includes(index));
        let differing = 0;
        for (let a = 0; a < size; a++) {
          for (let b = 0; b < size; b++) {
            if (
              a !== b &&
              Math.sign(place(a) - place(b)) * Math.sign(ranking.indexOf(a) - ranking.indexOf(b)) <
                0
            )
              differing++;
          }
        }
        expect(agreement(result, ranking) + differing).toBe(0);
        const share = agreementShare(agreement(result, ranking), size);
        expect(share).toBeGreaterThanOrEqual(0);
        expect(share).toBeLessThanOrEqual(1);
      }),
    );
    expect(agreementShare(agreement(tieSets([[2, 0, 1]]), [2, 0, 1]), 3)).toBe(1);
    expect(agreementShare(agreement(tieSets([[2, 0, 1]]), [1, 0, 2]), 3)).toBe(0);
  });
});

describe("times", () => {
  it("are in UTC, as the dashboard has them", () => {
    expect(timeText(Date.UTC(2026, 10, 20, 11, 5))).toBe("Fri 20 Nov 2026, 11:05AM");
    expect(timeText(Date.UTC(2026, 0, 3, 0, 0))).toBe("Sat 03 Jan 2026, 12:00AM");
    expect(timeText(Date.UTC(2026, 6, 5, 12, 59))).toBe("Sun 05 Jul 2026, 12:59PM");
    expect(timeText(Date.UTC(2026, 6, 5, 23, 1))).toBe("Sun 05 Jul 2026, 11:01PM");
  });
});

describe("CSV", () => {
  it("quotes, and makes no text a formula; numbers stay numbers", () => {
    const rows = [
      { a: '=HYPERLINK("http://x")', b: -2 },
      { a: " \t@SUM(1)", b: true },
      { a: "+1", b: null },
      { a: 'say "hi",\nthen', b: [1, "x"] },
      { a: "-", b: 0.5 },
      { a: "plain = text", b: "" },
    ];
    expect(csv(["a", "b"], rows)).toBe(
      [
        "a,b",
        '"\'=HYPERLINK(""http://x"")",-2',
        "' \t@SUM(1),true",
        "'+1,",
        '"say ""hi"",\nthen","[1,""x""]"',
        "'-,0.5",
        "plain = text,",
        "",
      ].join("\r\n"),
    );
  });
});
