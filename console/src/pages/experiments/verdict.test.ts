import type { Diagnostics } from "switchboard/client/experiments";
import { describe, expect, it } from "vitest";
import { verdictIn, verdictOf } from "./verdict.ts";

const good: Diagnostics = {
  mean: 1,
  sd: 2,
  q5: 0,
  q50: 1,
  q95: 2,
  r_hat: 1.002,
  ess_bulk: 900,
  ess_tail: 700,
  chains: 4,
  draws: 500,
};

describe("a verdict", () => {
  it.each<[Partial<Diagnostics>, string]>([
    [{}, "converged"],
    [{ chains: 1, draws: 2000 }, "converged, in its only chain"],
    [{ r_hat: 1.0099 }, "converged"],
    [{ r_hat: 1.01 }, "not yet: R-hat 1.01 > 1.01"],
    [{ r_hat: 1.0104 }, "not yet: R-hat 1.011 > 1.01"],
    [{ r_hat: 1.08 }, "not yet: R-hat 1.08 > 1.01"],
    [{ r_hat: 2.5 }, "not yet: R-hat 2.5 > 1.01"],
    [{ ess_bulk: 312.6 }, "not yet: bulk ESS 312 < 400"],
    [{ ess_tail: 99 }, "not yet: tail ESS 99 < 400"],
    [{ r_hat: null }, "not yet: each chain is constant, at another value"],
    [{ ess_tail: null }, "cannot be judged: too few different values"],
    [{ draws: 80 }, "too few draws: 320 in all"],
    [{ draws: 3, r_hat: null, ess_bulk: null, ess_tail: null }, "too few draws: 3 a chain"],
    [{ draws: 0, chains: 0, mean: null }, "no draws"],
    [
      { mean: null, sd: null, q5: null, q50: null, q95: null, r_hat: null },
      "cannot be judged: NaN or infinite draws",
    ],
    [
      { mean: null, sd: null, q5: -1e308, q95: 1e308, r_hat: null },
      "cannot be judged: numbers too large or too close together",
    ],
    [{ sd: null, r_hat: null }, "cannot be judged: numbers too large or too close together"],
    [
      { sd: 0, q5: 0, q95: 5e-324, r_hat: null },
      "cannot be judged: numbers too large or too close together",
    ],
    [{ sd: null, r_hat: 1.002 }, "converged"],
    [{ sd: 0, r_hat: 1.08 }, "not yet: R-hat 1.08 > 1.01"],
    [{ sd: 0, q5: 1, q95: 1, r_hat: null, ess_bulk: null, ess_tail: null }, "constant"],
  ])("on %j is: %s", (some, text) => {
    expect(verdictOf({ ...good, ...some }, false).text).toBe(text);
  });

  it("is final once the experiment is over", () => {
    expect(verdictOf({ ...good, r_hat: 1.3 }, true)).toEqual({
      kind: "not",
      tone: "bad",
      text: "not converged: R-hat 1.3 > 1.01",
    });
    expect(verdictOf(good, true).kind).toBe("converged");
  });

  it("is none without diagnostics, and awaited before the first summary", () => {
    expect(verdictOf(undefined, false).kind).toBe("none");
    expect(verdictIn({}, "toString", false).text).toBe("no numbers to judge");
    expect(verdictIn(undefined, "x", false).text).toBe("not judged yet");
    expect(verdictIn({ x: good }, "x", false).text).toBe("converged");
  });
});
