/** Histograms of all chains of a variable over the same bins, as columns for a plot. Pure. */
import type { ValueCounts } from "./value-counts.ts";

/** Bins that are shown: at most so many, and more than half of it where the values are fine enough. */
const maxShownBins = 56;

/** Of all draws, this part at each end is left out: a long tail would leave the rest no room. */
const tail = 0.005;

/** What is shown. */
export interface Histogram {
  /** x, then for each chain the per cent of its draws in the bin, as steps. */
  readonly columns: [xs: number[], ...lines: number[][]];
  /** Draws beyond both ends, in per cent of all. */
  readonly percentBeyond: number;
}

/** Undefined as long as there is no value. */
export function histogramOf(chains: readonly ValueCounts[]): Histogram | undefined {
  const total = chains.reduce((sum, counts) => sum + counts.total, 0);
  if (total === 0) return undefined;
  const finest = Math.max(...chains.map(({ width }) => width));
  const pooled = regrouped(chains, finest);
  const [low, high] = [quantileBin(pooled, total * tail), quantileBin(pooled, total * (1 - tail))];
  let [width, first, last] = [finest, low, high];
  while (last - first >= maxShownBins)
    [width, first, last] = [width * 2, Math.floor(first / 2), Math.floor(last / 2)];

  const bins = last - first + 1;
  const xs = [first * width];
  for (let bin = 0; bin < bins; bin += 1) xs.push((first + bin) * width, (first + bin + 1) * width);
  xs.push((last + 1) * width);
  let shown = 0;
  const lines = chains.map((counts) => {
    const steps = regrouped([counts], width);
    const line = [0];
    for (let bin = 0; bin < bins; bin += 1) {
      const count = steps.get(first + bin) ?? 0;
      shown += count;
      const percent = counts.total === 0 ? 0 : (count / counts.total) * 100;
      line.push(percent, percent);
    }
    line.push(0);
    return line;
  });
  return { columns: [xs, ...lines], percentBeyond: ((total - shown) / total) * 100 };
}

/** Number of the bin → values in it, over all these. */
function regrouped(chains: readonly ValueCounts[], width: number): Map<number, number> {
  const grouped = new Map<number, number>();
  for (const counts of chains) {
    for (const [begin, count] of counts.bins()) {
      const bin = Math.floor(begin / width);
      grouped.set(bin, (grouped.get(bin) ?? 0) + count);
    }
  }
  return grouped;
}

/** The bin that the value of this rank is in. */
function quantileBin(pooled: ReadonlyMap<number, number>, rank: number): number {
  const bins = [...pooled.keys()].sort((a, b) => a - b);
  let seen = 0;
  for (const bin of bins) {
    seen += pooled.get(bin) ?? 0;
    if (seen > rank) return bin;
  }
  return bins.at(-1) ?? 0;
}
