/** The variables of an experiment with their diagnostics, and which of them are plotted. */
import { memo, useEffect, useMemo, useState } from "react";
import type { Diagnostics } from "switchboard/client/experiments";
import { Age } from "../../parts/age.tsx";
import { Button } from "../../parts/button.tsx";
import { type Column, DataTable } from "../../parts/data-table.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { Field } from "../../parts/field.tsx";
import { shortNumber } from "../../parts/figure.tsx";
import { Panel } from "../../parts/panel.tsx";
import { StatusBadge } from "../../parts/status-badge.tsx";
import { type ExperimentFacts, type ExperimentStore, maxChosen } from "./experiment-store.ts";
import { goodEss, goodRHat, type Verdict, verdictIn } from "./verdict.ts";

interface Row {
  readonly name: string;
  readonly diagnostics: Diagnostics | undefined;
  readonly verdict: Verdict;
  readonly isChosen: boolean;
  /** Others must go first. */
  readonly isRefused: boolean;
  choose(isChosen: boolean): void;
}

interface VariableTableProps {
  readonly store: ExperimentStore;
  readonly facts: ExperimentFacts;
}

export function VariableTable({ store, facts }: VariableTableProps) {
  const { variables, summary, summaryAtMs, chosen, finished, failure } = facts;
  const [filter, setFilter] = useState("");
  const isOver = finished || failure !== undefined;
  const rows = useMemo((): readonly Row[] => {
    const plotted = new Set(chosen.map(({ name }) => name));
    const wanted = filter.trim().toLowerCase();
    return variables
      .filter((name) => name.toLowerCase().includes(wanted))
      .map((name) => {
        const diagnostics =
          summary !== undefined && Object.hasOwn(summary, name) ? summary[name] : undefined;
        return {
          name,
          diagnostics,
          verdict: verdictIn(summary, name, isOver),
          isChosen: plotted.has(name),
          isRefused: plotted.size >= maxChosen && !plotted.has(name),
          choose: (isChosen) => store.setChosen(name, isChosen),
        };
      });
  }, [store, variables, summary, chosen, filter, isOver]);
  const first = rows.slice(0, maxChosen).map(({ name }) => name);

  return (
    <Panel
      title="Variables"
      fit="flush"
      aside={summaryAtMs !== undefined && <Age atMs={summaryAtMs} />}
    >
      <div className="variables-tools">
        <Field
          label="Find a variable"
          type="search"
          value={filter}
          onChange={setFilter}
          placeholder="theta"
          autoComplete="off"
          spellCheck={false}
        />
        <div className="row">
          <Button disabled={first.length === 0} onClick={() => store.choose(first)}>
            {rows.length > maxChosen ? `Plot the first ${maxChosen}` : "Plot all"}
          </Button>
          <Button disabled={chosen.length === 0} onClick={() => store.choose([])}>
            Plot none
          </Button>
          <span className="quiet" role="status">
            {chosen.length.toLocaleString("en")} of {variables.length.toLocaleString("en")} are
            plotted
            {chosen.length >= maxChosen && `, at most ${maxChosen} may be`}
          </span>
        </div>
      </div>
      <div className="variables-place">
        <DataTable
          caption="Variables"
          columns={columns}
          rows={rows}
          rowKey={({ name }) => name}
          maxHeightPx={300}
          empty={
            variables.length === 0 ? (
              <EmptyState title="No draws have come yet">
                They appear here as soon as the sampler has sent the first.
              </EmptyState>
            ) : (
              <EmptyState title={`No variable has "${filter}" in its name`} />
            )
          }
        />
      </div>
      <Legend />
    </Panel>
  );
}

/** Ticked at once, not with the next frame. */
function PlotBox({ row: { name, isChosen, isRefused, choose } }: { readonly row: Row }) {
  const [ticked, setTicked] = useState(isChosen);
  useEffect(() => setTicked(isChosen), [isChosen]);
  return (
    <label className="variables-check">
      <input
        type="checkbox"
        checked={ticked}
        disabled={isRefused}
        onChange={({ target: { checked } }) => {
          setTicked(checked);
          choose(checked);
        }}
      />
      <span className="visually-hidden">Plot {name}</span>
    </label>
  );
}

/** What the words in the table mean. */
const Legend = memo(function Legend() {
  return (
    <details className="variables-legend">
      <summary>What converged means</summary>
      <p>
        <strong>R-hat</strong> compares the chains with each other and each with itself: below{" "}
        {goodRHat} they agree. <strong>ESS</strong> says how many independent draws would tell as
        much, about the centre (bulk) and about the 5 % and 95 % quantiles (tail): both must be
        above {goodEss}. A variable that meets all three has converged, as far as draws can show.
        Thresholds of Vehtari, Gelman, Simpson, Carpenter and Bürkner,{" "}
        <cite>Bayesian Analysis</cite> 16(2), 2021. Computed on the server over all chains, cut to
        the shortest.
      </p>
    </details>
  );
});

type NumberKey = "mean" | "sd" | "q5" | "q50" | "q95" | "r_hat" | "ess_bulk" | "ess_tail";

const numbers: readonly (readonly [key: NumberKey, head: string])[] = [
  ["r_hat", "R-hat"],
  ["ess_bulk", "ESS bulk"],
  ["ess_tail", "ESS tail"],
  ["mean", "Mean"],
  ["sd", "SD"],
  ["q5", "5 %"],
  ["q50", "Median"],
  ["q95", "95 %"],
];

/** Worst first, when it is sorted by. */
const ranks: Readonly<Record<Verdict["kind"], number>> = {
  not: 0,
  short: 1,
  none: 2,
  converged: 3,
};

const columns: readonly Column<Row>[] = [
  {
    key: "plot",
    head: "Plot",
    cell: (row) => <PlotBox row={row} />,
  },
  {
    key: "name",
    head: "Variable",
    cell: ({ name }) => <span className="mono">{name}</span>,
    sortBy: ({ name }) => name,
  },
  {
    key: "verdict",
    head: "Verdict",
    cell: ({ verdict: { tone, text } }) => (
      <span className="variables-verdict">
        <StatusBadge tone={tone}>{text}</StatusBadge>
      </span>
    ),
    sortBy: ({ verdict }) => ranks[verdict.kind],
  },
  ...numbers.map(
    ([key, head]): Column<Row> => ({
      key,
      head,
      cell: ({ diagnostics }) => printed(key, diagnostics?.[key]),
      sortBy: ({ diagnostics }) => diagnostics?.[key] ?? undefined,
      align: "end",
    }),
  ),
];

function printed(key: NumberKey, value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  if (key === "r_hat") return value.toFixed(3);
  return shortNumber(key.startsWith("ess") ? Math.floor(value) : value);
}
