/** All experiments of the server. */
import { Link } from "wouter";
import { Button } from "../../parts/button.tsx";
import { CommandLine } from "../../parts/command-line.tsx";
import { type Column, DataTable } from "../../parts/data-table.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { ErrorState } from "../../parts/error-state.tsx";
import { Freshness } from "../../parts/freshness.tsx";
import { Page } from "../../parts/page.tsx";
import { EmptyPage, PagingButtons, pageRows, usePaging } from "../../parts/paging.tsx";
import { Panel } from "../../parts/panel.tsx";
import { StatusBadge } from "../../parts/status-badge.tsx";
import { usePolled } from "../../parts/use-polled.ts";

/** One experiment, as the server lists it. */
interface ListedExperiment {
  readonly xid: string;
  /** Over all chains. */
  readonly variables: number;
  readonly finished: boolean;
}

const columns: readonly Column<ListedExperiment>[] = [
  {
    key: "xid",
    head: "Experiment",
    cell: ({ xid }) => <Link href={`/experiments/${encodeURIComponent(xid)}`}>{xid}</Link>,
    sortBy: ({ xid }) => xid,
  },
  {
    key: "state",
    head: "State",
    cell: ({ finished }) =>
      finished ? (
        <StatusBadge tone="ok">Finished</StatusBadge>
      ) : (
        <StatusBadge tone="busy">Not finished</StatusBadge>
      ),
    // Those that may have something new first.
    sortBy: ({ finished }) => Number(finished),
  },
  {
    key: "variables",
    head: "Variables × chains",
    cell: ({ variables }) => variables.toLocaleString("en"),
    sortBy: ({ variables }) => variables,
    align: "end",
  },
];

const everyMs = 5000;
/** Experiments on one page of the list. */
const pageSize = 500;

export function ExperimentList() {
  const paging = usePaging(pageSize);
  const polled = usePolled<readonly ListedExperiment[]>(`/experiments?${paging.query}`, everyMs);
  return (
    <Page
      title="Experiments"
      about="Samplers that send their draws here while they run: watch the traces, and see whether the chains agree."
      actions={<Button onClick={polled.refresh}>Refresh</Button>}
    >
      <Panel title="All experiments" fit="flush" aside={<Freshness of={polled} />}>
        <div className="experiments-list">
          {polled.data !== undefined ? (
            <DataTable
              caption="Experiments"
              columns={columns}
              rows={pageRows(paging, polled.data)}
              rowKey={({ xid }) => xid}
              sort="state"
              maxHeightPx={640}
              empty={paging.isFirst ? <NoExperiments /> : <EmptyPage />}
            />
          ) : (
            polled.error !== undefined && (
              <ErrorState
                title="The list of experiments did not load"
                error={polled.error}
                onRetry={polled.refresh}
              />
            )
          )}
        </div>
      </Panel>
      <PagingButtons paging={paging} ids={polled.data?.map(({ xid }) => xid)} />
    </Page>
  );
}

function NoExperiments() {
  const command = `curl ${window.location.origin}/api/object/E1 -d '${twoDraws}'`;
  return (
    <EmptyState
      title="No experiment has sent anything yet"
      action={
        <div className="experiments-commands">
          <CommandLine text="npm run demo" />
          <CommandLine text={command} />
        </div>
      }
    >
      One appears here with its first draws. The demo has some; or send two draws of your own:
    </EmptyState>
  );
}

const twoDraws = JSON.stringify({
  payload: {
    object_type: "experiment.protobuf_message",
    logs: { vars: { chain_1: { mu: [1.5, 2.25] } }, iteration: { chain_1: [1, 2] } },
  },
});
