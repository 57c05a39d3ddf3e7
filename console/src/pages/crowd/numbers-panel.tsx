/** What became of a worker's work, live. */
import { CrowdDashboard, type FinishedUnit } from "switchboard/client/crowd";
import { type Column, DataTable } from "../../parts/data-table.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { Figure } from "../../parts/figure.tsx";
import { Panel } from "../../parts/panel.tsx";
import { useExternal } from "../../parts/use-external.ts";
import { useLive } from "../../parts/use-live.ts";
import { useSession } from "../../session/session.tsx";
import { NumbersStore, type NumbersView } from "./numbers-store.ts";

const unknown: NumbersView = { stats: undefined, atMs: undefined };
const neverChanges = () => () => {};
const nothingKnown = () => unknown;

export function NumbersPanel({ worker }: { readonly worker: string }) {
  const { baseUrl, clientOptions } = useSession();
  const store = useLive(
    () => new NumbersStore(new CrowdDashboard(baseUrl, { ...clientOptions, workerName: worker })),
    [baseUrl, clientOptions, worker],
  );
  const { stats, atMs } = useExternal(
    store?.subscribe ?? neverChanges,
    store?.snapshot ?? nothingKnown,
  );
  const history = (stats?.history ?? []).map((unit, at) => ({ unit, at })).reverse();
  return (
    <Panel title={`Numbers of ${worker}`}>
      <div className="stack">
        <div className="crowd-numbers">
          <Figure label="Written" value={stats?.cads} atMs={atMs} />
          <Figure label="Ranked" value={stats?.rankings} atMs={atMs} />
          <Figure label="First places" value={stats?.firstPlaces} atMs={atMs} />
        </div>
        <p className="quiet crowd-small">
          A first place: somebody's ranking has put one of these versions at the top.
        </p>
        <div className="crowd-history">
          <DataTable
            caption="Completed units, the newest first"
            columns={columns}
            rows={history}
            rowKey={({ at }) => String(at)}
            maxHeightPx={280}
            empty={
              <EmptyState title="Nothing completed yet">
                What is submitted is listed here at once. Skips are not.
              </EmptyState>
            }
          />
        </div>
      </div>
    </Panel>
  );
}

interface Line {
  readonly unit: FinishedUnit;
  readonly at: number;
}

const columns: readonly Column<Line>[] = [
  {
    key: "what",
    head: "Unit",
    cell: ({ unit }) => (
      <span className="crowd-line">
        <span>{unit.stage === "CAD" ? unit.cad : unit.ranking.at(-1)}</span>
        <span className="quiet crowd-small">
          {unit.stage === "CAD"
            ? `instead of: ${unit.original}`
            : `ranked best of ${unit.ranking.length}`}
        </span>
        <span className="quiet crowd-time">{unit.finishedTime} UTC</span>
      </span>
    ),
  },
  {
    key: "first",
    head: "First places",
    cell: ({ unit }) => (unit.stage === "CAD" ? unit.firstPlaces : ""),
    align: "end",
  },
];
