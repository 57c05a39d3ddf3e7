/** The plots of the variables that were chosen. */
import { useState } from "react";
import { Button } from "../../parts/button.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { Panel } from "../../parts/panel.tsx";
import type { ExperimentFacts, ExperimentStore } from "./experiment-store.ts";
import { type PlotKind, VariablePlot } from "./variable-plot.tsx";
import { verdictIn } from "./verdict.ts";

const kinds: readonly (readonly [kind: PlotKind, name: string, about: string])[] = [
  [
    "trace",
    "Traces",
    "Every chain against the number of its draw. Good chains look alike, and like noise: no drift, no steps. Drag to zoom in.",
  ],
  [
    "histogram",
    "Histograms",
    "How the draws of each chain are spread, in per cent of them. Good chains lie on each other.",
  ],
  [
    "mean",
    "Running means",
    "The mean of each chain up to each draw. Good chains become flat, at the same height.",
  ],
];

interface PlotsProps {
  readonly store: ExperimentStore;
  readonly facts: ExperimentFacts;
}

export function Plots({ store, facts }: PlotsProps) {
  const [shown, setShown] = useState<PlotKind>("trace");
  const { chosen, summary, finished, failure, variables } = facts;
  return (
    <Panel
      title="Plots"
      aside={
        // biome-ignore lint/a11y/useSemanticElements: a fieldset would be one of a form
        <div className="row" role="group" aria-label="What is plotted">
          {kinds.map(([kind, name]) => (
            <Button key={kind} pressed={kind === shown} onClick={() => setShown(kind)}>
              {name}
            </Button>
          ))}
        </div>
      }
    >
      <p className="quiet plots-about">{kinds.find(([kind]) => kind === shown)?.[2]}</p>
      {chosen.length === 0 ? (
        <EmptyState
          title={variables.length === 0 ? "Nothing to plot yet" : "No variable is chosen"}
        >
          {variables.length === 0
            ? "The first variables are plotted as soon as their draws come."
            : "Tick those that you want to see in the table above."}
        </EmptyState>
      ) : (
        <div className="plots">
          {chosen.map((variable) => (
            <VariablePlot
              key={variable.name}
              store={store}
              variable={variable}
              chains={store.chainsOf(variable.name).join("\n")}
              kind={shown}
              verdict={verdictIn(summary, variable.name, finished || failure !== undefined)}
            />
          ))}
        </div>
      )}
    </Panel>
  );
}
