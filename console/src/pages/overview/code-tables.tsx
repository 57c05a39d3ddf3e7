/** What was refused, and how connections ended, by code. Both count from the start of each node. */
import type { ReactNode } from "react";
import { type Column, DataTable } from "../../parts/data-table.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { shortNumber } from "../../parts/figure.tsx";
import { Panel } from "../../parts/panel.tsx";
import { meaningOfClose } from "../../session/close-meaning.ts";
import type { Contracts } from "../../session/use-contracts.ts";
import { ReportAge } from "./report-age.tsx";
import { type CodeRow, codeRows, type ServiceSum } from "./service-sums.ts";

interface CodeTableProps {
  readonly sums: readonly ServiceSum[];
  readonly contracts: Contracts | undefined;
  readonly atMs: number;
}

const columns: readonly Column<CodeRow>[] = [
  {
    key: "count",
    head: "Count",
    cell: ({ count }) => shortNumber(count),
    sortBy: ({ count }) => count,
    align: "end",
  },
  {
    key: "code",
    head: "Code",
    cell: ({ code }) => <code>{code}</code>,
    sortBy: ({ code }) => code,
  },
];

const services: Column<CodeRow> = {
  key: "services",
  head: "Services",
  cell: (row) => <span className="code-words">{servicesOf(row)}</span>,
};

export function ErrorTable({ sums, contracts, atMs }: CodeTableProps) {
  const meaning = ({ code }: CodeRow) => contracts?.errors[code]?.meaning ?? "";
  return (
    <CodeTable
      title="Errors by code"
      atMs={atMs}
      rows={codeRows(sums, "errors")}
      columns={[
        ...columns,
        {
          key: "meaning",
          head: "What it means",
          cell: (row) => <span className="code-words">{meaning(row)}</span>,
        },
        services,
      ]}
      empty={
        <EmptyState title="Nothing was refused">
          Messages and requests that the server refuses are counted here, by the code that their
          sender was told.
        </EmptyState>
      }
    />
  );
}

export function CloseTable({ sums, contracts, atMs }: CodeTableProps) {
  const of = ({ code }: CodeRow) => meaningOfClose(Number(code), contracts?.closes ?? []);
  return (
    <CodeTable
      title="How connections ended"
      atMs={atMs}
      rows={codeRows(sums, "closes")}
      columns={[
        ...columns,
        {
          key: "meaning",
          head: "What it means",
          cell: (row) => <span className="code-words">{contracts && of(row).meaning}</span>,
        },
        {
          key: "advice",
          head: "What a client should do",
          cell: (row) => <span className="code-words">{contracts && of(row).advice}</span>,
        },
        services,
      ]}
      empty={
        <EmptyState title="No connection has ended">
          Those that do are counted here, by close code, with what their clients should do next.
        </EmptyState>
      }
    />
  );
}

/** "lobby 60, crowd 34". */
function servicesOf({ services }: CodeRow): string {
  return services
    .map(
      ({ service, count }) =>
        `${service === "none" ? "not known yet" : service} ${shortNumber(count)}`,
    )
    .join(", ");
}

interface TableProps {
  readonly title: string;
  readonly atMs: number;
  readonly rows: readonly CodeRow[];
  readonly columns: readonly Column<CodeRow>[];
  readonly empty: ReactNode;
}

function CodeTable({ title, atMs, ...table }: TableProps) {
  return (
    <Panel title={title} fit="flush" aside={<ReportAge atMs={atMs} />}>
      <div className="overview-list">
        <DataTable caption={title} {...table} rowKey={({ code }) => code} maxHeightPx={300} />
      </div>
    </Panel>
  );
}
