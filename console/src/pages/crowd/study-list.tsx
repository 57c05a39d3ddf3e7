/** The studies that are loaded. */
import { Link } from "wouter";
import { CommandLine } from "../../parts/command-line.tsx";
import { type Column, DataTable } from "../../parts/data-table.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { ErrorState } from "../../parts/error-state.tsx";
import { Freshness } from "../../parts/freshness.tsx";
import { Panel } from "../../parts/panel.tsx";
import type { Polled } from "../../parts/use-polled.ts";
import type { StageCounts, StudyCounts } from "./study-counts.ts";

const doneOf = ({ done, wanted }: StageCounts) =>
  `${done.toLocaleString("en")} of ${wanted.toLocaleString("en")}`;
const partOf = ({ done, wanted }: StageCounts) => (wanted === 0 ? 1 : done / wanted);

const columns: readonly Column<StudyCounts>[] = [
  {
    key: "id",
    head: "Study",
    cell: ({ id }) => <Link href={`/crowd/requester/${encodeURIComponent(id)}`}>{id}</Link>,
    sortBy: ({ id }) => id,
  },
  {
    key: "sentences",
    head: "Sentences",
    cell: ({ sentences }) => sentences.toLocaleString("en"),
    sortBy: ({ sentences }) => sentences,
    align: "end",
  },
  {
    key: "cads",
    head: "Versions",
    cell: ({ CAD }) => doneOf(CAD),
    sortBy: ({ CAD }) => partOf(CAD),
    align: "end",
  },
  {
    key: "rankings",
    head: "Rankings",
    cell: ({ RANKING }) => doneOf(RANKING),
    sortBy: ({ RANKING }) => partOf(RANKING),
    align: "end",
  },
];

interface StudyListProps {
  readonly polled: Polled<readonly StudyCounts[]>;
  readonly selected: string | undefined;
}

export function StudyList({ polled, selected }: StudyListProps) {
  const { data: studies, error, refresh } = polled;
  return (
    <Panel title="Studies" fit="flush" aside={<Freshness of={polled} />}>
      <div className="crowd-studies">
        {studies === undefined ? (
          error !== undefined && (
            <ErrorState title="The studies did not load" error={error} onRetry={refresh} />
          )
        ) : (
          <DataTable
            caption="Studies, the newest first"
            columns={columns}
            rows={[...studies].reverse()}
            rowKey={({ id }) => id}
            selectedKey={selected}
            maxHeightPx={360}
            empty={
              <EmptyState title="No study is loaded" action={<CommandLine text="npm run demo" />}>
                Load one here, or start the demo, which loads one after the other.
              </EmptyState>
            }
          />
        )}
      </div>
    </Panel>
  );
}
