/** How an experiment stands, in a few numbers. */
import { useMemo } from "react";
import { Figure } from "../../parts/figure.tsx";
import { Panel } from "../../parts/panel.tsx";
import { StatusBadge, type Tone } from "../../parts/status-badge.tsx";
import { useExternal } from "../../parts/use-external.ts";
import type { ExperimentFacts, ExperimentStore } from "./experiment-store.ts";
import { verdictOf } from "./verdict.ts";

interface ExperimentFiguresProps {
  readonly store: ExperimentStore;
  readonly facts: ExperimentFacts;
  readonly openedMs: number;
}

/** Its size does not depend on what is known. */
export function ExperimentFigures({ store, facts, openedMs }: ExperimentFiguresProps) {
  const { summary, summaryAtMs, chains, variables, isKnown } = facts;
  const heardAtMs = useExternal(store.changes.subscribe, store.heardAtMs) ?? openedMs;
  const { converged, draws } = useMemo(() => {
    const all = Object.values(summary ?? {});
    return {
      converged: all.filter((diagnostics) => verdictOf(diagnostics, false).kind === "converged")
        .length,
      draws:
        all.length === 0 ? undefined : Math.max(...all.map((diagnostics) => diagnostics.draws)),
    };
  }, [summary]);
  const state = stateOf(facts);
  return (
    <Panel title="How it stands" aside={<StatusBadge tone={state.tone}>{state.word}</StatusBadge>}>
      <div className="figures">
        <Figure
          label="Have converged"
          value={
            summary === undefined || !isKnown
              ? undefined
              : `${converged} of ${variables.length.toLocaleString("en")}`
          }
          atMs={summaryAtMs ?? openedMs}
        />
        <Figure label="Draws of each chain" value={draws?.toLocaleString("en")} atMs={heardAtMs} />
        <Figure label="Chains" value={isKnown ? chains.length : undefined} />
        <Figure label="Variables" value={isKnown ? variables.length : undefined} />
      </div>
    </Panel>
  );
}

function stateOf({ isKnown, link, failure, finished, variables }: ExperimentFacts): {
  readonly tone: Tone;
  readonly word: string;
} {
  if (!isKnown) return { tone: "idle", word: "Not known yet" };
  if (failure !== undefined) return { tone: "bad", word: "Failed" };
  if (finished) return { tone: "ok", word: "Finished" };
  // Whether it still runs, nobody here knows.
  if (link !== "live") return { tone: "warn", word: "Not live" };
  return variables.length === 0
    ? { tone: "idle", word: "Nothing sent yet" }
    : { tone: "busy", word: "Running" };
}
