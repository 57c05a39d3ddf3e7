/** Who is connected to the node that answers. */
import { useEffect, useState } from "react";
import { Link } from "wouter";
import { Age } from "../../parts/age.tsx";
import { Button } from "../../parts/button.tsx";
import { type Column, DataTable } from "../../parts/data-table.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { ErrorState } from "../../parts/error-state.tsx";
import { shortNumber } from "../../parts/figure.tsx";
import { Panel } from "../../parts/panel.tsx";
import { SelectField } from "../../parts/select-field.tsx";
import { bytesText } from "../../parts/units.ts";
import { useSession } from "../../session/session.tsx";
import {
  type ConnectionQuery,
  type ListedConnection,
  useConnectionPage,
} from "./connection-page.ts";

const columns: readonly Column<ListedConnection>[] = [
  {
    key: "service",
    head: "Service",
    cell: ({ service }) => (service === "none" ? "not known yet" : service),
  },
  {
    key: "path",
    head: "Path",
    cell: ({ path }) => <code className="connection-path">{path}</code>,
  },
  { key: "address", head: "Address", cell: ({ address }) => address },
  { key: "who", head: "Who", cell: ({ principal }) => principal?.name ?? "no token yet" },
  { key: "since", head: "Opened", cell: ({ since }) => <Age serverMs={since} /> },
  { key: "heard", head: "Last heard", cell: ({ lastHeard }) => <Age serverMs={lastHeard} /> },
  {
    key: "unsent",
    head: "Queued",
    cell: ({ unsentBytes }) => bytesText(unsentBytes),
    align: "end",
  },
  { key: "skipped", head: "Skipped", cell: ({ skipped }) => shortNumber(skipped), align: "end" },
  {
    key: "inspect",
    head: "Look at it",
    cell: ({ id, service }) =>
      service === "admin" ? (
        <span className="quiet">a console</span>
      ) : (
        <Link
          href={`/inspector/connection/${id}`}
          aria-label={`Inspect the ${service} connection ${id}`}
        >
          Inspect
        </Link>
      ),
    align: "end",
  },
];

const sorts = [
  { value: "newest", name: "Newest first" },
  { value: "opened", name: "Longest open first" },
  { value: "unsent", name: "Most queued first" },
] as const;

const firstPage: ConnectionQuery = { service: "", sort: "newest", cursor: undefined };

/** In pages. `selected`: the id of the one that is inspected. */
export function ConnectionsPanel({ selected }: { readonly selected: string | undefined }) {
  const { services } = useSession();
  const [query, setQuery] = useState(firstPage);
  const { page, atMs, error, refresh } = useConnectionPage(query);
  // biome-ignore lint/correctness/useExhaustiveDependencies: whatever begins or ends being inspected has changed the list
  useEffect(refresh, [selected]);
  const toFirst = (change: Partial<ConnectionQuery>) =>
    setQuery({ ...query, cursor: undefined, ...change });
  const { next } = page ?? {};
  return (
    <Panel
      title="Connections"
      fit="flush"
      aside={
        <>
          {page !== undefined && <span>{page.total.toLocaleString("en")} on this node</span>}
          {atMs !== undefined && <Age atMs={atMs} />}
          <Button look="bare" onClick={refresh}>
            Refresh
          </Button>
        </>
      }
    >
      <div className="connections-tools">
        <SelectField
          label="Service"
          value={query.service}
          options={[
            { value: "", name: "All services" },
            ...services.map((name) => ({ value: name, name })),
          ]}
          onChange={(service) => toFirst({ service })}
        />
        <SelectField
          label="Order"
          value={query.sort}
          options={sorts}
          onChange={(chosen) =>
            toFirst({ sort: sorts.find(({ value }) => value === chosen)?.value ?? "newest" })
          }
        />
        <div className="row">
          <Button disabled={query.cursor === undefined} onClick={() => toFirst({})}>
            First page
          </Button>
          <Button
            disabled={next === undefined}
            onClick={() => setQuery({ ...query, cursor: next })}
          >
            Next page
          </Button>
        </div>
      </div>
      <div className="connections-list">
        {error !== undefined && page === undefined ? (
          <ErrorState
            title="The list of connections did not load"
            error={error}
            onRetry={refresh}
          />
        ) : (
          <DataTable
            caption="Connections"
            columns={columns}
            rows={page?.connections ?? []}
            rowKey={({ id }) => id}
            selectedKey={selected}
            maxHeightPx={420}
            empty={
              <EmptyState
                title={page === undefined ? "Asking who is connected" : "Nobody is connected here"}
              >
                Start a client, then refresh; or try a message below.
              </EmptyState>
            }
          />
        )}
      </div>
    </Panel>
  );
}
