/** What is made of every draw of one variable: its histogram or its running mean. */
import { useEffect } from "react";
import { Button } from "../../parts/button.tsx";
import { TimePlot } from "../../parts/time-plot.tsx";
import type { AllDraws } from "./all-draws.ts";
import { histogramOf } from "./histogram.ts";
import { useColumns } from "./use-columns.ts";

interface DrawsPlotProps {
  readonly name: string;
  readonly draws: AllDraws;
  readonly lines: readonly string[];
  readonly kind: "histogram" | "mean";
  readonly visible: boolean;
}

interface Shown {
  readonly columns: [number[], ...(number | undefined)[][]];
  readonly note: string;
}

/** Loads the draws while it is seen. */
export function DrawsPlot({ name, draws, lines, kind, visible }: DrawsPlotProps) {
  useEffect(() => {
    if (!visible) return;
    draws.start();
    return () => draws.stop();
  }, [draws, visible]);
  const read = () => ({
    ...(kind === "histogram" ? histogram(draws, lines) : means(draws, lines)),
    error: draws.error,
  });
  const { columns, note, error } = useColumns(draws.changes, visible, read, lines.length);
  const { read: had, all } = draws.progress;
  return (
    <>
      <TimePlot
        label={`${kind === "histogram" ? "histogram" : "running mean"} of ${name}`}
        lines={lines}
        data={columns}
        x="number"
        heightPx={190}
      />
      <div className="plot-note" role="status">
        <span>
          {error !== undefined
            ? `The draws did not load: ${error.message}`
            : had < all
              ? progress(had, all)
              : note}
        </span>
        {error !== undefined && (
          <Button look="bare" onClick={() => draws.start()}>
            Try again
          </Button>
        )}
      </div>
    </>
  );
}

/** In whole per cent, so that it is not said with every frame. */
function progress(had: number, all: number): string {
  return `Reading all draws: ${Math.floor((had / all) * 100)} %`;
}

function histogram(draws: AllDraws, lines: readonly string[]): Shown {
  const found = histogramOf(lines.map((chain) => draws.of(chain).counts));
  if (found === undefined)
    return { columns: [[], ...lines.map(() => [])], note: "No numbers yet." };
  const beyond =
    found.percentBeyond === 0
      ? ""
      : `; ${found.percentBeyond.toFixed(1)} % of them are beyond the edges`;
  return { columns: found.columns, note: `Of every draw${beyond}.` };
}

function means(draws: AllDraws, lines: readonly string[]): Shown {
  const all = lines.map((chain) => draws.of(chain).mean);
  const stride = Math.max(1, ...all.map((mean) => mean.stride));
  const columns = all.map((mean) => mean.every(stride));
  const longest = Math.max(0, ...columns.map(({ length }) => length));
  const xs = Array.from({ length: longest }, (_, at) => (at + 1) * stride);
  return {
    columns: [xs, ...columns.map((line) => xs.map((_, at) => line[at]))],
    note: "Of every draw.",
  };
}
