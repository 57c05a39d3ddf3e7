/** The sampler's posterior beside the reference draws of posteriordb. */
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Random } from "../random.ts";
import { dimensions, gradient, logDensity, variables } from "./eight-schools.ts";
import { Sampler } from "./sampler.ts";

const reference = new URL("../../../test/data/eight_schools_draws.json", import.meta.url);

function moments(values: readonly number[]): { readonly mean: number; readonly sd: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    mean,
    sd: Math.sqrt(
      values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1),
    ),
  };
}

/** All draws of each variable, of four chains. */
function sample(seed: string, drawsPerChain: number): ReadonlyMap<string, readonly number[]> {
  const draws = new Map<string, number[]>(variables.map((variable) => [variable, []]));
  for (let chain = 1; chain <= 4; chain++) {
    const sampler = new Sampler(new Random(seed).for(`chain ${chain}`));
    sampler.warmUp(500);
    for (let draw = 0; draw < drawsPerChain; draw++) {
      for (const [nth, value] of sampler.draw().entries())
        draws.get(variables[nth] ?? "")?.push(value);
    }
  }
  return draws;
}

describe("the eight-schools model", () => {
  it("has the slope that its density has", () => {
    const random = new Random("slope");
    for (let times = 0; times < 20; times++) {
      const point = Array.from({ length: dimensions }, () => random.normal());
      const step = 1e-5;
      const slopes = point.map((_, direction) => {
        const moved = (by: number) =>
          logDensity(point.map((value, nth) => (nth === direction ? value + by : value)));
        return (moved(step) - moved(-step)) / (2 * step);
      });
      for (const [nth, slope] of gradient(point).entries())
        expect(slope).toBeCloseTo(slopes[nth] ?? Number.NaN, 5);
    }
  });
});

describe("Sampler", () => {
  it("draws the same for the same seed", () => {
    expect(sample("same", 3)).toEqual(sample("same", 3));
  });

  it.skipIf(!existsSync(reference))(
    "has the posterior of the reference draws (needs test/data/eight_schools_draws.json)",
    () => {
      const { draws } = JSON.parse(readFileSync(reference, "utf8")) as {
        readonly draws: Readonly<Record<string, readonly number[][]>>;
      };
      const own = sample("posterior", 4000);
      for (const variable of ["mu", "tau", "theta[1]"]) {
        const expected = moments(draws[variable]?.flat() ?? []);
        const found = moments(own.get(variable) ?? []);
        // At 4,000 effective draws a mean is known to 1.6 % of the sd; this is five times that, and as much for the sd.
        expect(
          Math.abs(found.mean - expected.mean),
          `${variable}: mean ${found.mean} instead of ${expected.mean}`,
        ).toBeLessThan(0.08 * expected.sd);
        expect(
          Math.abs(found.sd - expected.sd),
          `${variable}: sd ${found.sd} instead of ${expected.sd}`,
        ).toBeLessThan(0.08 * expected.sd);
      }
    },
  );
});
