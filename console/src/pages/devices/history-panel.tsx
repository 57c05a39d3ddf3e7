/** A monitor's commands, the newest first. */
import { useState } from "react";
import { Age } from "../../parts/age.tsx";
import { Button } from "../../parts/button.tsx";
import { type Column, DataTable } from "../../parts/data-table.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { ErrorState } from "../../parts/error-state.tsx";
import { Panel } from "../../parts/panel.tsx";
import { StatusBadge } from "../../parts/status-badge.tsx";
import { CommandLife } from "./command-life.tsx";
import type { DeviceStore } from "./device-store.ts";
import { type ListedCommand, type Status, statuses } from "./listed-command.ts";
import type { HistoryNews } from "./use-history.ts";

interface HistoryPanelProps {
  readonly store: DeviceStore;
  readonly news: HistoryNews;
  onCancel(command: ListedCommand): void;
  /** Ids of commands that are being cancelled. */
  readonly cancelling: ReadonlySet<string>;
}

export function HistoryPanel({ store, news, onCancel, cancelling }: HistoryPanelProps) {
  const [status, setStatus] = useState<Status>();
  const { atMs, error, refresh } = news;
  const rows = store.list(status);
  const columns: readonly Column<ListedCommand>[] = [
    {
      key: "sent",
      head: "Sent",
      cell: ({ queued_at }) => <Age serverMs={queued_at} />,
      sortBy: ({ queued_at }) => queued_at,
    },
    {
      key: "command",
      head: "Command",
      cell: ({ command }) => (
        <span className="command-text" title={command}>
          {command}
        </span>
      ),
      sortBy: ({ command }) => command,
    },
    {
      key: "life",
      head: "Its life",
      cell: (command) => <CommandLife command={command} />,
      sortBy: (command) => command.status,
    },
    {
      key: "reason",
      head: "Why not",
      cell: ({ reason }) => (
        <span className="command-text" title={reason}>
          {reason ?? ""}
        </span>
      ),
      sortBy: ({ reason }) => reason,
    },
    {
      key: "cancel",
      head: "Take back",
      cell: (command) =>
        command.status === "queued" ? (
          <Button
            busy={cancelling.has(command.command_id)}
            label={`Cancel ${command.command}`}
            onClick={() => onCancel(command)}
          >
            Cancel
          </Button>
        ) : null,
      align: "end",
    },
  ];
  return (
    <Panel
      title="History"
      fit="flush"
      aside={
        <>
          {error !== undefined && <StatusBadge tone="warn">Stale</StatusBadge>}
          {atMs !== undefined && <Age atMs={atMs} />}
        </>
      }
    >
      <fieldset className="history-filter">
        <legend className="visually-hidden">Only commands that are</legend>
        <Button pressed={status === undefined} onClick={() => setStatus(undefined)}>
          All
        </Button>
        {statuses.map((name) => (
          <Button key={name} pressed={status === name} onClick={() => setStatus(name)}>
            {name}
          </Button>
        ))}
      </fieldset>
      <div className="history-place">
        {atMs === undefined && error !== undefined ? (
          <ErrorState title="The history did not load" error={error} onRetry={refresh} />
        ) : atMs === undefined ? null : (
          <DataTable
            caption="History"
            columns={columns}
            rows={rows}
            rowKey={({ command_id }) => command_id}
            maxHeightPx={440}
            empty={
              <EmptyState
                title={
                  status === undefined
                    ? "This monitor was never sent a command"
                    : `No command is ${status}`
                }
              >
                {status === undefined
                  ? "Send it one above."
                  : "Of each status the newest 500 are shown."}
              </EmptyState>
            }
          />
        )}
      </div>
    </Panel>
  );
}
