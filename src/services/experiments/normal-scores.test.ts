import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { normalQuantile } from "./normal-quantile.ts";
import { normalScores } from "./normal-scores.ts";

/** The plain way: each value's average rank by counting. */
function countedScores(values: readonly number[]): number[] {
  return values.map((value) => {
    const below = values.filter((other) => other < value).length;
    const equal = values.filter((other) => other === value).length;
    return normalQuantile((below + (equal + 1) / 2 - 3 / 8) / (values.length + 1 / 4));
  });
}

describe("normalScores", () => {
  it("are those of the counted ranks, ties at their average, for any finite numbers", () => {
    const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
    const few = fc.constantFrom(
      -0,
      0,
      1,
      -1,
      5e-324,
      -5e-324,
      Number.MAX_VALUE,
      -Number.MAX_VALUE,
      1e-300,
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(finite, few), { maxLength: 60 }), (values) => {
        expect([...normalScores(Float64Array.from(values))]).toEqual(countedScores(values));
      }),
    );
  });
});

describe("normalQuantile", () => {
  it.each([
    [1e-300, -37.0470962993612],
    [1e-12, -7.034483825301131],
    [1e-5, -4.264890793922825],
    [0.01, -2.3263478740408408],
    [0.07, -1.4757910281791713],
    [0.08, -1.4050715603096329],
    [0.3, -0.5244005127080409],
    [0.5, 0],
    [0.6, 0.2533471031357997],
    [0.975, 1.9599639845400545],
  ])("of %d", (p, z) => {
    expect(normalQuantile(p)).toBeCloseTo(z, 13);
    // 1 − p is rounded, which matters far out.
    if (p > 1e-3) expect(normalQuantile(1 - p)).toBeCloseTo(-z, 13);
  });

  it("rises", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (a, b) => {
          fc.pre(Math.abs(a - b) > 1e-12);
          expect(normalQuantile(Math.min(a, b))).toBeLessThan(normalQuantile(Math.max(a, b)));
        },
      ),
    );
  });
});
