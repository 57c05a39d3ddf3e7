import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { summarise, type VariableSummary } from "./diagnostics.ts";

interface Reference {
  readonly draws: Readonly<Record<string, number[][]>>;
  readonly expected: Readonly<
    Record<string, Readonly<Record<"r_hat" | "ess_bulk" | "ess_tail", number>>>
  >;
}

const reference = JSON.parse(
  readFileSync(new URL("../../../test/data/eight_schools_draws.json", import.meta.url), "utf8"),
) as Reference;

/** Whole numbers: shifting and scaling them rounds nothing. */
const draw = fc.integer({ min: -1_000, max: 1_000 });
const chainsOf = (value: fc.Arbitrary<number>, minDraws = 6): fc.Arbitrary<number[][]> =>
  fc
    .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: minDraws, max: 40 }))
    .chain(([chains, draws]) =>
      fc.array(fc.array(value, { minLength: draws, maxLength: draws }), {
        minLength: chains,
        maxLength: chains,
      }),
    );

const diagnostics = ({ r_hat, ess_bulk, ess_tail }: VariableSummary): (number | null)[] => [
  r_hat,
  ess_bulk,
  ess_tail,
];

function expectSame(
  actual: readonly (number | null)[],
  expected: readonly (number | null)[],
): void {
  for (const [index, figure] of expected.entries()) {
    if (figure === null) expect(actual[index]).toBeNull();
    else expect((actual[index] ?? Number.NaN) / figure).toBeCloseTo(1, 9);
  }
}

/** Something that looks like draws, the same in every run. */
function pseudoDraws(count: number, seed: number): number[] {
  return Array.from(
    { length: count },
    (_, index) => Math.sin(seed * 12.9898 + index * 78.233) * 43_758.5453,
  ).map((x) => x - Math.floor(x));
}

describe("the published reference values", () => {
  it.each(Object.keys(reference.expected))(
    "of %s: R-hat to 2e-6, both ESS to 1e-6, absolute",
    (parameter) => {
      const summary = summarise(reference.draws[parameter] ?? []);
      const expected = reference.expected[parameter];
      if (expected === undefined) throw new Error(`${parameter} has no expected values`);
      expect(Math.abs((summary.r_hat ?? Number.NaN) - expected.r_hat)).toBeLessThan(2e-6);
      expect(Math.abs((summary.ess_bulk ?? Number.NaN) - expected.ess_bulk)).toBeLessThan(1e-6);
      expect(Math.abs((summary.ess_tail ?? Number.NaN) - expected.ess_tail)).toBeLessThan(1e-6);
      expect(summary).toMatchObject({ chains: 10, draws: 1_000 });
    },
  );

  it("come out the same when the draws arrived in pieces of any size", () => {
    const chains = reference.draws.tau ?? [];
    const whole = summarise(chains);
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 20 }),
        (sizes) => {
          const arrived = chains.map((chain) => {
            const pieces: number[] = [];
            for (let at = 0, turn = 0; at < chain.length; turn++) {
              const size = sizes[turn % sizes.length] ?? 1;
              pieces.push(...chain.slice(at, at + size));
              at += size;
            }
            return pieces;
          });
          expect(summarise(arrived)).toEqual(whole);
        },
      ),
      { numRuns: 10 },
    );
  });
});

describe("an independent implementation (NumPy, SciPy)", () => {
  const tied = (draws: number): number[][] =>
    [3, 4, 5].map((factor) =>
      Array.from(
        { length: draws },
        (_, index) => (index * index * factor + Math.floor(index / 5)) % 17,
      ),
    );
  const walk = (draws: number): number[][] =>
    tied(draws).map((chain) => {
      let sum = 0;
      return chain.map((value) => {
        sum += value - 8;
        return sum;
      });
    });

  it.each([
    ["few draws", walk(6), [1.1839681433478748, 9, 9]],
    [
      "ties, an odd number of draws",
      tied(51),
      [1.0169760388833415, 155.71785666083642, 145.02557333773302],
    ],
    [
      "slow chains, an odd number of draws",
      walk(51),
      [2.5946298393117626, 4.380307382458288, 10.860750695088047],
    ],
    [
      "slow chains, an even number of draws",
      walk(52),
      [2.5705862544697036, 4.165261739681935, 12.419680039194256],
    ],
  ])("agrees on %s", (_, chains, expected) => {
    expectSame(diagnostics(summarise(chains)), expected);
  });
});

describe("moments and quantiles", () => {
  it("are over all chains, the quantiles linearly interpolated", () => {
    const summary = summarise([
      [1, 2, 3],
      [4, 5, 7],
    ]);
    expect(summary).toMatchObject({ q5: 1.25, q50: 3.5, q95: 6.5, chains: 2, draws: 3 });
    expect(summary.mean).toBeCloseTo(22 / 6, 14);
    expect(summary.sd).toBeCloseTo(Math.sqrt(14 / 3), 14);
  });

  it("stay accurate far from 0", () => {
    const summary = summarise([[1e9 + 1, 1e9 + 2, 1e9 + 3, 1e9 + 4]]);
    expect(summary.mean).toBe(1e9 + 2.5);
    expect(summary.sd).toBeCloseTo(Math.sqrt(5 / 3), 14);
  });

  it("are those of the shortest chain's length, empty chains left out", () => {
    expect(summarise([[1, 2, 3, 99], [], new Float64Array([4, 5, 7])])).toEqual(
      summarise([
        [1, 2, 3],
        [4, 5, 7],
      ]),
    );
  });
});

describe("null where nothing can be computed", () => {
  const nothing = {
    mean: null,
    sd: null,
    q5: null,
    q50: null,
    q95: null,
    r_hat: null,
    ess_bulk: null,
    ess_tail: null,
  };

  it("without draws", () => {
    expect(summarise([])).toEqual({ ...nothing, chains: 0, draws: 0 });
    expect(summarise([[], []])).toEqual({ ...nothing, chains: 0, draws: 0 });
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    "with one draw that is %s",
    (value) => {
      expect(summarise([pseudoDraws(20, 1), [...pseudoDraws(19, 2), value]])).toEqual({
        ...nothing,
        chains: 2,
        draws: 20,
      });
    },
  );

  it("for a constant", () => {
    const constant = {
      mean: 0.1,
      sd: 0,
      q5: 0.1,
      q50: 0.1,
      q95: 0.1,
      r_hat: null,
      ess_bulk: null,
      ess_tail: null,
    };
    expect(summarise([Array(50).fill(0.1), Array(50).fill(0.1)])).toEqual({
      ...constant,
      chains: 2,
      draws: 50,
    });
  });

  it("for chains that are each constant: R-hat would be infinite", () => {
    expect(summarise([Array(50).fill(0), Array(50).fill(0), Array(50).fill(1)])).toMatchObject({
      r_hat: null,
      q50: 0,
    });
  });

  it("with too few draws: R-hat from 4 a chain on, ESS from 6", () => {
    const computed = [1, 2, 3, 4, 5, 6, 7].map((draws) => {
      const summary = summarise([pseudoDraws(draws, 1), pseudoDraws(draws, 2)]);
      expect(summary).toMatchObject({
        mean: expect.any(Number),
        sd: expect.any(Number),
        q50: expect.any(Number),
        draws,
      });
      return diagnostics(summary).map((figure) => figure !== null);
    });
    const none = [false, false, false];
    const all = [true, true, true];
    expect(computed).toEqual([
      none,
      none,
      none,
      [true, false, false],
      [true, false, false],
      all,
      all,
    ]);
    expect(summarise([[3]])).toMatchObject({ mean: 3, sd: null, q50: 3 });
  });

  it("for any numbers whatever: no field is NaN or infinite", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.double(), { maxLength: 30 }), { maxLength: 5 }),
        (chains) => {
          for (const figure of Object.values(summarise(chains))) {
            if (figure !== null) expect(figure).toSatisfy(Number.isFinite);
          }
        },
      ),
    );
  });
});

describe("R-hat and ESS", () => {
  it("do not depend on the order of the chains", () => {
    fc.assert(
      fc.property(
        chainsOf(draw).chain((chains) =>
          fc.tuple(fc.constant(chains), fc.shuffledSubarray(chains, { minLength: chains.length })),
        ),
        ([chains, shuffled]) =>
          expectSame(diagnostics(summarise(shuffled)), diagnostics(summarise(chains))),
      ),
    );
  });

  it("do not depend on the unit or the origin", () => {
    const factor = fc.constantFrom(2, 0.25, 1_024, 3);
    fc.assert(
      fc.property(
        chainsOf(draw),
        fc.integer({ min: -1_000, max: 1_000 }),
        factor,
        (chains, shift, scale) => {
          const moved = summarise(
            chains.map((chain) => chain.map((value) => value * scale + shift)),
          );
          const plain = summarise(chains);
          expectSame(diagnostics(moved), diagnostics(plain));
          expect(moved.mean).toBeCloseTo((plain.mean ?? Number.NaN) * scale + shift, 6);
          expect(moved.sd).toBeCloseTo((plain.sd ?? Number.NaN) * scale, 6);
        },
      ),
    );
  });

  it("stay within their bounds", () => {
    fc.assert(
      fc.property(chainsOf(draw), (chains) => {
        const { r_hat, ess_bulk, ess_tail, draws } = summarise(chains);
        const length = draws >> 1;
        const count = 2 * length * chains.length;
        if (r_hat !== null)
          expect(r_hat).toBeGreaterThanOrEqual(Math.sqrt((length - 1) / length) - 1e-12);
        for (const ess of [ess_bulk, ess_tail]) {
          if (ess === null) continue;
          expect(ess).toBeGreaterThan(0);
          expect(ess).toBeLessThanOrEqual(count * Math.log10(count) * (1 + 1e-12));
        }
      }),
    );
  });

  it("of an odd number of draws leave the middle one out of both halves", () => {
    const even = [pseudoDraws(20, 1), pseudoDraws(20, 2)];
    // It moves median and quantiles, but has no rank.
    const odd = even.map((chain) => [
      ...chain.slice(0, 10),
      Math.min(...even.flat()),
      ...chain.slice(10),
    ]);
    expect(summarise(odd).ess_bulk).toBe(summarise(even).ess_bulk);
  });

  it("tell chains apart that do not agree, in place or in spread", () => {
    const here = pseudoDraws(200, 1);
    expect(summarise([here, pseudoDraws(200, 2)]).r_hat).toBeLessThan(1.05);
    expect(summarise([here, pseudoDraws(200, 2).map((value) => value + 1)]).r_hat).toBeGreaterThan(
      1.5,
    );
    expect(
      summarise([here, pseudoDraws(200, 2).map((value) => (value - 0.5) * 10 + 0.5)]).r_hat,
    ).toBeGreaterThan(1.2);
  });

  it("count draws that repeat themselves for less", () => {
    const every = [pseudoDraws(300, 1), pseudoDraws(300, 2)];
    const repeated = every.map((chain) => chain.flatMap((value) => [value, value, value, value]));
    const [once, four] = [summarise(every), summarise(repeated)];
    expect((four.ess_bulk ?? 0) / (once.ess_bulk ?? 1)).toBeCloseTo(1, 0);
  });
});
