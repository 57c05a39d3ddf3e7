/** The monitors, what is wrong first. */
import { type FormEvent, useState } from "react";
import { Link } from "wouter";
import { Age } from "../../parts/age.tsx";
import { Button } from "../../parts/button.tsx";
import { CommandLine } from "../../parts/command-line.tsx";
import { type Column, DataTable } from "../../parts/data-table.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { ErrorState } from "../../parts/error-state.tsx";
import { Field } from "../../parts/field.tsx";
import { Freshness } from "../../parts/freshness.tsx";
import { EmptyPage, type Paging, PagingButtons, pageRows } from "../../parts/paging.tsx";
import { Panel } from "../../parts/panel.tsx";
import { StatusBadge, type Tone } from "../../parts/status-badge.tsx";
import type { Polled } from "../../parts/use-polled.ts";
import {
  type DeviceState,
  deviceState,
  type ListedDevice,
  troubledFirst,
  unansweredSince,
} from "./listed-device.ts";
import { TroubleLine } from "./trouble-line.tsx";
import { monitorAddress } from "./use-monitor-address.ts";
import type { Troubled } from "./use-troubled.ts";

interface DeviceListProps {
  /** The answer to `paging.query`. */
  readonly polled: Polled<readonly ListedDevice[]>;
  readonly troubled: Troubled;
  readonly selectedId: string | undefined;
  readonly paging: Paging;
  onShow(monitorId: string): void;
}

const words: Readonly<Record<DeviceState, { readonly tone: Tone; readonly name: string }>> = {
  stuck: { tone: "bad", name: "Stuck" },
  away: { tone: "warn", name: "Away, commands wait" },
  working: { tone: "ok", name: "Working" },
  idle: { tone: "ok", name: "Connected" },
};

export function DeviceList({ polled, troubled, selectedId, paging, onShow }: DeviceListProps) {
  // Not now: when answers fail to come, nobody knows what the monitors do, and the last that was known stays, marked as stale.
  const { data, serverAtMs = 0, error, refresh } = polled;
  const devices = troubledFirst(pageRows(paging, data ?? []), serverAtMs);
  const columns: readonly Column<ListedDevice>[] = [
    {
      key: "monitor",
      head: "Monitor",
      cell: ({ monitor_id }) => (
        <Link className="mono device-name" href={monitorAddress(monitor_id)} title={monitor_id}>
          {monitor_id}
        </Link>
      ),
      sortBy: ({ monitor_id }) => monitor_id,
    },
    {
      key: "state",
      head: "State",
      cell: (device) => {
        const { tone, name } = words[deviceState(device, serverAtMs)];
        return <StatusBadge tone={tone}>{name}</StatusBadge>;
      },
      sortBy: (device) => deviceState(device, serverAtMs),
    },
    {
      key: "oldest",
      head: "Unanswered",
      cell: ({ oldest_command: oldest }) =>
        oldest === null ? (
          <span className="quiet">none</span>
        ) : (
          <span className="device-oldest">
            <Age serverMs={unansweredSince(oldest)} />
            {oldest.status}
          </span>
        ),
      sortBy: ({ oldest_command: oldest }) =>
        oldest === null ? undefined : unansweredSince(oldest),
    },
    {
      key: "open",
      head: "Open",
      cell: ({ open_commands }) => <span title="Commands without an end">{open_commands}</span>,
      sortBy: ({ open_commands }) => open_commands,
      align: "end",
    },
    {
      key: "since",
      head: "Connected",
      cell: ({ since }) =>
        since === null ? <span className="quiet">no</span> : <Age serverMs={since} />,
      sortBy: ({ since }) => since ?? undefined,
    },
    {
      key: "heard",
      head: "Last heard",
      cell: ({ last_heard: heard }) =>
        heard === null ? <span className="quiet">not known</span> : <Age serverMs={heard} />,
      sortBy: ({ last_heard: heard }) => heard ?? undefined,
    },
  ];
  return (
    <Panel
      title="Monitors"
      fit="flush"
      aside={<Freshness of={{ atMs: polled.atMs, error: error ?? troubled.error }} />}
    >
      <div className="device-list">
        <TroubleLine known={troubled.known} />
        {data === undefined && error !== undefined ? (
          <ErrorState title="The monitors did not load" error={error} onRetry={refresh} />
        ) : data === undefined ? null : (
          <DataTable
            caption="Monitors"
            columns={columns}
            rows={devices}
            rowKey={({ monitor_id }) => monitor_id}
            selectedKey={selectedId}
            maxHeightPx={300}
            empty={
              paging.isFirst ? (
                <EmptyState
                  title="No monitor is connected"
                  action={<CommandLine text="npm run demo" />}
                >
                  A monitor connects to <code>/socket.io/</code> and says who it is with{" "}
                  <code>con</code>. To see three of them, start the demo:
                </EmptyState>
              ) : (
                <EmptyPage />
              )
            }
          />
        )}
      </div>
      <div className="device-foot">
        <AnotherMonitor onShow={onShow} />
        <PagingButtons paging={paging} ids={data?.map(({ monitor_id }) => monitor_id)} />
      </div>
    </Panel>
  );
}

/** Commands can be sent to a monitor that is not in the list. */
function AnotherMonitor({ onShow }: { onShow(monitorId: string): void }) {
  const [text, setText] = useState("");
  const show = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim() !== "") onShow(text.trim());
  };
  return (
    <form className="device-another" onSubmit={show}>
      <Field
        label="A monitor that is not listed"
        value={text}
        onChange={setText}
        placeholder="its id, 32 characters by default"
        spellCheck={false}
      />
      <Button type="submit">Show it</Button>
    </form>
  );
}
