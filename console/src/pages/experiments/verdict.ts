/** Whether the chains of a variable have converged, in words. Thresholds of Vehtari et al., Bayesian Analysis 16(2), 2021. Pure. */
import type { Diagnostics, Summary } from "switchboard/client/experiments";
import type { Tone } from "../../parts/status-badge.tsx";

/** Below it, chains are said to agree. */
export const goodRHat = 1.01;

/** Above it, in the bulk and in the tails, quantiles and R-hat itself can be relied on. */
export const goodEss = 400;

/** Fewer draws a chain have no R-hat. */
const minDraws = 4;

/** `converged`: both thresholds are met. `short`: nothing can be said before there are more draws. `not`: they are not met. `none`: nothing to judge. */
type VerdictKind = "converged" | "short" | "not" | "none";

/** What is said of one variable. */
export interface Verdict {
  readonly kind: VerdictKind;
  readonly tone: Tone;
  readonly text: string;
}

/** The verdict on a variable of an experiment; before the first summary has come, that it is awaited. */
export function verdictIn(summary: Summary | undefined, name: string, isOver: boolean): Verdict {
  if (summary === undefined) return { kind: "none", tone: "idle", text: "not judged yet" };
  return verdictOf(Object.hasOwn(summary, name) ? summary[name] : undefined, isOver);
}

/** `isOver`: no more draws come, so that "not yet" is "not". `diagnostics`: undefined where the server has none of the variable. */
export function verdictOf(diagnostics: Diagnostics | undefined, isOver: boolean): Verdict {
  if (diagnostics === undefined) return { kind: "none", tone: "idle", text: "no numbers to judge" };
  const { sd, r_hat, ess_bulk, ess_tail, chains, draws } = diagnostics;
  const notTone: Tone = isOver ? "bad" : "busy";
  const notYet = isOver ? "not converged" : "not yet";
  if (chains * draws === 0) return { kind: "short", tone: notTone, text: "no draws" };
  if (hasOthersThanNumbers(diagnostics))
    return { kind: "none", tone: "warn", text: "cannot be judged: NaN or infinite draws" };
  if (draws < minDraws)
    return { kind: "short", tone: notTone, text: `too few draws: ${count(draws)} a chain` };
  if (isBeyondReckoning(diagnostics)) {
    return {
      kind: "none",
      tone: "warn",
      text: "cannot be judged: numbers too large or too close together",
    };
  }
  // R-hat and ESS look at ranks: where there is an R-hat, it does not matter that the deviation is too small to be reckoned.
  if (sd === 0 && r_hat === null) return { kind: "none", tone: "idle", text: "constant" };
  if (chains * draws <= goodEss)
    return { kind: "short", tone: notTone, text: `too few draws: ${count(chains * draws)} in all` };
  if (r_hat === null)
    return {
      kind: "not",
      tone: notTone,
      text: `${notYet}: each chain is constant, at another value`,
    };
  if (r_hat >= goodRHat)
    return { kind: "not", tone: notTone, text: `${notYet}: R-hat ${above(r_hat)} > ${goodRHat}` };
  const ess = Math.min(ess_bulk ?? 0, ess_tail ?? 0);
  if (ess_bulk === null || ess_tail === null)
    return { kind: "none", tone: "warn", text: "cannot be judged: too few different values" };
  if (ess <= goodEss) {
    return {
      kind: "not",
      tone: notTone,
      text: `${notYet}: ${ess_bulk <= ess_tail ? "bulk" : "tail"} ESS ${count(Math.floor(ess))} < ${goodEss}`,
    };
  }
  return {
    kind: "converged",
    tone: "ok",
    text: chains === 1 ? "converged, in its only chain" : "converged",
  };
}

/** The server gives no figure of a variable that has a draw which is NaN or infinite; of finite ones, quantiles at least. */
function hasOthersThanNumbers({ mean, q5, q50, q95 }: Diagnostics): boolean {
  return mean === null && q5 === null && q50 === null && q95 === null;
}

/** The draws are finite, but what is reckoned from them is not, or is 0 though they differ. */
function isBeyondReckoning({ mean, sd, q5, q95, r_hat }: Diagnostics): boolean {
  return r_hat === null && (mean === null || sd === null || (sd === 0 && q5 !== q95));
}

/** Never rounded down to the threshold itself: 1.0104 is 1.011. */
function above(rHat: number): string {
  const digits = rHat < goodRHat + 0.01 ? 1000 : 100;
  return String(Math.ceil(rHat * digits) / digits);
}

function count(of: number): string {
  return of.toLocaleString("en");
}
