/** One variable's plot, with its verdict and its draws to download. */
import { memo, useRef } from "react";
import { StatusBadge } from "../../parts/status-badge.tsx";
import { CsvLinks } from "./csv-links.tsx";
import { DrawsPlot } from "./draws-plot.tsx";
import type { ChosenVariable, ExperimentStore } from "./experiment-store.ts";
import { TracePlot } from "./trace-plot.tsx";
import { useVisible } from "./use-visible.ts";
import type { Verdict } from "./verdict.ts";

export type PlotKind = "trace" | "histogram" | "mean";

interface VariablePlotProps {
  readonly store: ExperimentStore;
  readonly variable: ChosenVariable;
  /** Names of the chains that have it, one a line. */
  readonly chains: string;
  readonly kind: PlotKind;
  readonly verdict: Verdict;
}

/** Drawn again only while it is seen. */
export const VariablePlot = memo(
  function VariablePlot({ store, variable, chains, kind, verdict }: VariablePlotProps) {
    const { name, trace, draws } = variable;
    const element = useRef<HTMLElement>(null);
    const visible = useVisible(element);
    // What has not been scrolled to is not made: twenty plots at once would hold the page up.
    const made = useRef<PlotKind>();
    if (visible) made.current = kind;
    const lines = chains === "" ? [] : chains.split("\n");
    return (
      <article className="variable-plot" ref={element} aria-label={name}>
        <header className="row">
          <h3 className="mono">{name}</h3>
          <StatusBadge tone={verdict.tone}>{verdict.text}</StatusBadge>
        </header>
        <div className="variable-plot-place">
          {made.current !== kind ? null : kind === "trace" ? (
            <TracePlot name={name} trace={trace} lines={lines} visible={visible} />
          ) : (
            <DrawsPlot
              key={kind}
              name={name}
              draws={draws}
              lines={lines}
              kind={kind}
              visible={visible}
            />
          )}
        </div>
        <CsvLinks store={store} name={name} chains={lines} />
      </article>
    );
  },
  (before, now) =>
    before.variable === now.variable &&
    before.chains === now.chains &&
    before.kind === now.kind &&
    before.verdict.text === now.verdict.text &&
    before.verdict.tone === now.verdict.tone,
);
