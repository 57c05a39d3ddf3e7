/** The bonuses of a study: what is due, and what was paid. */
import { useRef, useState } from "react";
import { Button } from "../../parts/button.tsx";
import { type Column, DataTable } from "../../parts/data-table.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { ErrorState } from "../../parts/error-state.tsx";
import { Freshness } from "../../parts/freshness.tsx";
import { messageOf } from "../../parts/message-of.ts";
import { Panel } from "../../parts/panel.tsx";
import { StatusBadge } from "../../parts/status-badge.tsx";
import { useToast } from "../../parts/toast.tsx";
import { usePolled } from "../../parts/use-polled.ts";
import { useSession } from "../../session/session.tsx";

/** As the server says it. */
interface Bonus {
  readonly unit: string;
  readonly worker: string | null;
  readonly kind: "agreement" | "winner" | (string & {});
  /** Of a full bonus, 0 to 1. */
  readonly share: number;
  readonly paid: boolean;
}

const markAsPaid = "Mark as paid";

const kinds: Readonly<Record<string, string>> = {
  agreement: "A ranking that agrees",
  winner: "The version that won",
};

interface BonusesPanelProps {
  readonly study: string;
  /** Another one asks again. */
  readonly version: string | undefined;
}

export function BonusesPanel({ study, version }: BonusesPanelProps) {
  const { fetchJson } = useSession();
  const say = useToast();
  const path = `/crowd/studies/${encodeURIComponent(study)}/bonuses`;
  const polled = usePolled<readonly Bonus[]>(path, Number.POSITIVE_INFINITY, version);
  const [paying, setPaying] = useState<string>();
  const table = useRef<HTMLDivElement>(null);
  const bonuses = polled.data ?? [];
  const due = bonuses.filter(({ paid }) => !paid).length;

  const pay = async ({ unit, worker }: Bonus) => {
    setPaying(unit);
    try {
      await fetchJson(`${path}/${encodeURIComponent(unit)}/paid`, { method: "POST" });
      focusNext(table.current);
      say(`Marked as paid: the bonus of ${worker ?? "a deleted worker"}`);
    } catch (error) {
      say(messageOf(error), "bad");
    }
    polled.refresh();
    setPaying(undefined);
  };

  const columns: readonly Column<Bonus>[] = [
    {
      key: "worker",
      head: "Worker",
      cell: ({ worker }) => worker ?? <span className="quiet">deleted</span>,
      sortBy: ({ worker }) => worker ?? undefined,
    },
    {
      key: "kind",
      head: "For",
      cell: ({ kind }) => kinds[kind] ?? kind,
      sortBy: ({ kind }) => kind,
    },
    {
      key: "share",
      head: "Share",
      cell: ({ share }) => `${Math.round(share * 100)} %`,
      sortBy: ({ share }) => share,
      align: "end",
    },
    {
      key: "paid",
      head: "State",
      cell: (bonus) =>
        bonus.paid ? (
          <StatusBadge tone="ok">Paid</StatusBadge>
        ) : (
          <Button
            busy={paying === bonus.unit}
            label={`${markAsPaid}: ${bonus.worker ?? "deleted worker"}, ${kinds[bonus.kind] ?? bonus.kind}`}
            onClick={() => void pay(bonus)}
          >
            {markAsPaid}
          </Button>
        ),
      sortBy: ({ paid }) => Number(paid),
      align: "end",
    },
  ];

  return (
    <Panel
      title="Bonuses"
      fit="flush"
      aside={
        <>
          {polled.data !== undefined && <span>{due === 0 ? "none due" : `${due} due`}</span>}
          <Freshness of={polled} />
          <Button look="bare" onClick={polled.refresh}>
            Refresh
          </Button>
        </>
      }
    >
      <div className="crowd-table crowd-bonuses" ref={table}>
        {polled.data === undefined && polled.error !== undefined ? (
          <ErrorState
            title="The bonuses did not load"
            error={polled.error}
            onRetry={polled.refresh}
          />
        ) : (
          <DataTable
            caption="Bonuses of the study"
            columns={columns}
            rows={bonuses}
            rowKey={({ unit }) => unit}
            maxHeightPx={396}
            empty={
              polled.data !== undefined && (
                <EmptyState title="No bonus is due yet">
                  When a sentence has all its rankings, whoever wrote the winner gets one, and
                  whoever ranked as the others did.
                </EmptyState>
              )
            }
          />
        )}
      </div>
    </Panel>
  );
}

/** The button that was pressed is about to go: the focus goes on to the next one that can be pressed, else to the table. */
function focusNext(table: HTMLElement | null): void {
  const buttons = [
    ...(table?.querySelectorAll<HTMLElement>(`button[aria-label^="${markAsPaid}"]`) ?? []),
  ];
  const focused = document.activeElement;
  const at = focused instanceof HTMLElement ? buttons.indexOf(focused) : -1;
  if (at < 0) return;
  (buttons[at + 1] ?? buttons[at - 1] ?? table?.querySelector<HTMLElement>("section"))?.focus();
}
