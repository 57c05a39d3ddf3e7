/** The trace of one variable, a line for each chain. */
import { Button } from "../../parts/button.tsx";
import { TimePlot } from "../../parts/time-plot.tsx";
import type { Trace, TraceState } from "./trace.ts";
import { useColumns } from "./use-columns.ts";

interface TracePlotProps {
  readonly name: string;
  readonly trace: Trace;
  readonly lines: readonly string[];
  readonly visible: boolean;
}

export function TracePlot({ name, trace, lines, visible }: TracePlotProps) {
  const { columns, state } = useColumns(
    trace.changes,
    visible,
    () => ({ columns: trace.columns(), state: trace.state }),
    lines.length,
  );
  return (
    <>
      <TimePlot
        label={`trace of ${name}`}
        lines={lines}
        data={columns}
        x="number"
        heightPx={190}
        onZoom={(range) => trace.zoom(range)}
      />
      <div className="plot-note" role="status">
        <span>{noteOf(state)}</span>
        {state.is === "failed" && (
          <Button look="bare" onClick={() => trace.retry()}>
            Try again
          </Button>
        )}
      </div>
    </>
  );
}

function noteOf(state: TraceState): string {
  const of =
    state.span === undefined
      ? ""
      : ` from ${count(state.span.from)} to ${count(Math.max(state.span.from, state.span.to - 1))}`;
  switch (state.is) {
    case "loading":
      return `Loading the draws${of} …`;
    case "failed":
      return `The draws${of} did not load: ${state.error.message}`;
    case "every":
      return `Every draw${of}.`;
    case "thinned":
      return state.span === undefined
        ? "Thinned to what shows the shape. Zoom in for more."
        : `Thinned draws${of}. Zoom in further for all.`;
  }
}

function count(of: number): string {
  return of.toLocaleString("en");
}
