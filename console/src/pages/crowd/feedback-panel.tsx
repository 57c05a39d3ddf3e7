/** What workers have told the requester. */

import { Age } from "../../parts/age.tsx";
import { DataTable } from "../../parts/data-table.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { Freshness } from "../../parts/freshness.tsx";
import { Panel } from "../../parts/panel.tsx";
import type { Polled } from "../../parts/use-polled.ts";
import type { ExportedFeedback, StudyExport } from "./study-export.ts";

interface Line extends ExportedFeedback {
  readonly at: number;
}

const columns = [
  {
    key: "feedback",
    head: "Feedback",
    cell: ({ feedback }: Line) => <span className="crowd-line">{feedback}</span>,
  },
  {
    key: "worker",
    head: "Worker",
    cell: ({ worker }: Line) => worker ?? <span className="quiet">deleted</span>,
  },
  {
    key: "time",
    head: "When",
    cell: ({ time }: Line) => <Age serverMs={Date.parse(time)} />,
    align: "end",
  },
] as const;

export function FeedbackPanel({ polled }: { readonly polled: Polled<StudyExport> }) {
  const rows = (polled.data?.feedback ?? [])
    .map((feedback, at): Line => ({ ...feedback, at }))
    .reverse();
  return (
    <Panel title="Feedback of workers" fit="flush" aside={<Freshness of={polled} />}>
      <div className="crowd-feedback-list">
        <DataTable
          caption="Feedback, the newest first"
          columns={columns}
          rows={rows}
          rowKey={({ at }) => String(at)}
          maxHeightPx={320}
          empty={
            polled.data !== undefined && (
              <EmptyState title="No feedback yet">Workers can send some from each unit.</EmptyState>
            )
          }
        />
      </div>
    </Panel>
  );
}
