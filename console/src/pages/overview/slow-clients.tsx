/** Who does not read fast enough. */
import { Link } from "wouter";
import { type Column, DataTable } from "../../parts/data-table.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { shortNumber } from "../../parts/figure.tsx";
import { Panel } from "../../parts/panel.tsx";
import { bytesText } from "../../parts/units.ts";
import type { OverviewState } from "./overview-state.ts";
import { ReportAge } from "./report-age.tsx";
import { emptyTitle, slowElsewhere } from "./slow-elsewhere.ts";
import { type SlowClient, useSlowClients } from "./use-slow-clients.ts";

const columns: readonly Column<SlowClient>[] = [
  {
    key: "service",
    head: "Service",
    cell: ({ service }) => service,
    sortBy: ({ service }) => service,
  },
  {
    key: "address",
    head: "Address",
    cell: ({ address }) => address,
    sortBy: ({ address }) => address,
  },
  {
    key: "unsent",
    head: "Waiting",
    cell: ({ unsentBytes }) => bytesText(unsentBytes),
    sortBy: ({ unsentBytes }) => unsentBytes,
    align: "end",
  },
  {
    key: "skipped",
    head: "Skipped",
    cell: ({ skipped }) => shortNumber(skipped),
    sortBy: ({ skipped }) => skipped,
    align: "end",
  },
  {
    key: "inspect",
    head: "Look at it",
    cell: ({ id, service }) => (
      <Link href={`/inspector/connection/${id}`} aria-label={`Inspect the ${service} client ${id}`}>
        Inspect
      </Link>
    ),
    align: "end",
  },
];

interface SlowClientsPanelProps {
  readonly nodes: OverviewState;
  /** On all of them. */
  readonly count: number;
  readonly atMs: number;
}

/** Asks for the list only while the overview counts some. */
export function SlowClientsPanel({ nodes, count, atMs }: SlowClientsPanelProps) {
  const slow = useSlowClients(count > 0);
  const rows = slow?.clients ?? [];
  const elsewhere = slow === undefined ? "" : slowElsewhere(nodes, slow.node).join(" ");
  return (
    <Panel title="Slow clients" fit="flush" aside={<ReportAge atMs={slow?.atMs ?? atMs} />}>
      <div className="overview-list">
        <DataTable
          caption="Slow clients"
          columns={columns}
          rows={rows}
          rowKey={({ id }) => id}
          maxHeightPx={300}
          empty={
            <EmptyState title={emptyTitle(count, slow !== undefined)}>
              {elsewhere ||
                "A client that reads more slowly than it is sent to stands here, with what waits for it."}
            </EmptyState>
          }
        />
      </div>
      {rows.length > 0 && elsewhere !== "" && (
        <p className="quiet overview-elsewhere">{elsewhere}</p>
      )}
    </Panel>
  );
}
