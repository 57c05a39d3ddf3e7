/** What each worker has done in a study. */
import { type Column, DataTable } from "../../parts/data-table.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { Freshness } from "../../parts/freshness.tsx";
import { Panel } from "../../parts/panel.tsx";
import type { Polled } from "../../parts/use-polled.ts";
import { type StudyExport, type WorkerRow, workersOf } from "./study-export.ts";

const columns: readonly Column<WorkerRow>[] = [
  {
    key: "worker",
    head: "Worker",
    cell: ({ worker }) => worker ?? <span className="quiet">deleted</span>,
    sortBy: ({ worker }) => worker ?? undefined,
  },
  {
    key: "written",
    head: "Written",
    cell: ({ written }) => written,
    sortBy: ({ written }) => written,
    align: "end",
  },
  {
    key: "duplicates",
    head: "Duplicates",
    cell: ({ duplicates }) => duplicates,
    sortBy: ({ duplicates }) => duplicates,
    align: "end",
  },
  {
    key: "skipped",
    head: "Skipped",
    cell: ({ skipped }) => skipped,
    sortBy: ({ skipped }) => skipped,
    align: "end",
  },
  {
    key: "rankings",
    head: "Rankings",
    cell: ({ rankings }) => rankings,
    sortBy: ({ rankings }) => rankings,
    align: "end",
  },
  {
    key: "agreement",
    head: "Agreement",
    cell: ({ agreement }) => (agreement === undefined ? "–" : agreement.toFixed(1)),
    sortBy: ({ agreement }) => agreement,
    align: "end",
  },
  { key: "open", head: "Open", cell: ({ open }) => open, sortBy: ({ open }) => open, align: "end" },
];

export function WorkersPanel({ polled }: { readonly polled: Polled<StudyExport> }) {
  const rows = polled.data === undefined ? [] : workersOf(polled.data);
  return (
    <Panel title="Workers" fit="flush" aside={<Freshness of={polled} />}>
      <div className="crowd-table">
        <DataTable
          caption="Workers of the study"
          columns={columns}
          rows={rows}
          rowKey={({ worker }) => worker ?? "\ndeleted"}
          maxHeightPx={252}
          empty={
            polled.data !== undefined && (
              <EmptyState title="Nobody has had a unit yet">
                Work at it as a worker, on the other tab.
              </EmptyState>
            )
          }
        />
        <p className="quiet crowd-small crowd-table-note">
          Agreement: the mean over a worker's rankings, 0 where they say what all together say,
          below 0 the more they differ.
        </p>
      </div>
    </Panel>
  );
}
