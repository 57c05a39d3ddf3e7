import fc from "fast-check";
import { expect, it } from "vitest";
import { Autocovariance } from "./autocovariance.ts";

function summed(series: readonly number[], lag: number): number {
  const mean = series.reduce((sum, value) => sum + value, 0) / series.length;
  const products = series
    .slice(lag)
    .map((value, index) => (value - mean) * ((series[index] ?? 0) - mean));
  return products.reduce((sum, product) => sum + product, 0) / series.length;
}

it("is what summing up the products gives, for any length and number of series, again and again", () => {
  const value = fc.double({ min: -100, max: 100, noNaN: true });
  const sets = fc.integer({ min: 1, max: 40 }).chain((length) =>
    fc.array(
      fc.array(fc.array(value, { minLength: length, maxLength: length }), {
        minLength: 1,
        maxLength: 5,
      }),
      {
        minLength: 1,
        maxLength: 3,
      },
    ),
  );
  fc.assert(
    fc.property(sets, (turns) => {
      const length = turns[0]?.[0]?.length ?? 0;
      const autocovariance = new Autocovariance(length);
      for (const series of turns) {
        const means = Float64Array.from(
          series,
          (values) => values.reduce((sum, each) => sum + each, 0) / length,
        );
        const actual = autocovariance.mean(Float64Array.from(series.flat()), means);
        expect(actual).toHaveLength(length);
        for (const [lag, covariance] of actual.entries()) {
          const expected =
            series.reduce((sum, values) => sum + summed(values, lag), 0) / series.length;
          expect(Math.abs(covariance - expected)).toBeLessThan(1e-9);
        }
      }
    }),
  );
});
