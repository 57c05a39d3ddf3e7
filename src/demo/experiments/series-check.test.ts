import { describe, expect, it } from "vitest";
import { systemClock } from "../../kit/index.ts";
import { ExperimentRun } from "./experiment-run.ts";
import { SeriesCheck } from "./series-check.ts";

const mu = { chain: "chain_1", variable: "mu" };

function published(...values: readonly number[]): ExperimentRun {
  const run = new ExperimentRun("test", systemClock);
  for (const value of values) run.add(mu, value);
  return run;
}

describe("SeriesCheck", () => {
  it("is content with every value once and in order, whatever the portions", () => {
    const check = new SeriesCheck(published(1, 2, 3, 4));
    check.subscribe(mu);
    check.take(mu, 0, [1]);
    check.take(mu, 1, [2, 3, 4]);
    expect(check.missed()).toEqual([]);
    expect(check.isComplete).toBe(true);
  });

  it("finds what has not come", () => {
    const check = new SeriesCheck(published(1, 2, 3, 4));
    check.subscribe(mu);
    check.take(mu, 0, [1, 2, 3]);
    expect(check.isComplete).toBe(false);
    expect(check.missed()).toEqual([
      "1 of 1 series are not complete: of chain_1 mu came 3 values instead of 4",
    ]);
  });

  it("finds a gap, a double, another value, and what was not asked for", () => {
    const faultsOf = (
      ...portions: readonly (readonly [number | undefined, readonly unknown[]])[]
    ) => {
      const check = new SeriesCheck(published(1, 2, 3, 4));
      check.subscribe(mu);
      for (const [from, values] of portions) check.take(mu, from, values);
      return check.missed();
    };
    expect(faultsOf([0, [1, 2]], [3, [4]])).toEqual(["chain_1 mu went on at 3 instead of 2"]);
    expect(faultsOf([0, [1, 2]], [1, [2, 3, 4]])).toEqual(["chain_1 mu went on at 1 instead of 2"]);
    expect(faultsOf([0, [1, 2, 3, 5]])).toEqual(["chain_1 mu[3] came as 5 instead of 4"]);
    expect(faultsOf([undefined, [1, 2, 3, 4]])).toEqual([
      "chain_1 mu went on at undefined instead of 0",
    ]);

    const unasked = new SeriesCheck(published(1));
    unasked.take(mu, 0, [1]);
    expect(unasked.missed()).toEqual(["chain_1 mu came without having been asked for"]);
  });
});
