/** The thread that computes summaries: one task in, one answer out, in order. Started by `Summaries`, never imported. */
import { parentPort } from "node:worker_threads";
import { summarise, type VariableSummary } from "./diagnostics.ts";

/** One variable, chain by chain. The arrays' memory moves to the thread. */
export interface SummaryTask {
  readonly id: number;
  readonly chains: readonly Float64Array[];
}

export interface SummaryAnswer {
  readonly id: number;
  readonly summary: VariableSummary;
}

// Whatever is thrown here ends the thread, and `Summaries` tells those who wait.
parentPort?.on("message", ({ id, chains }: SummaryTask) => {
  parentPort?.postMessage({ id, summary: summarise(chains) } satisfies SummaryAnswer);
});
