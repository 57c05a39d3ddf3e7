/** The devices page: which monitors there are, which is stuck, and what becomes of commands. */
import { useState } from "react";
import { Button } from "../../parts/button.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { Page } from "../../parts/page.tsx";
import { Panel } from "../../parts/panel.tsx";
import { usePolled } from "../../parts/use-polled.ts";
import { DeviceList } from "./device-list.tsx";
import type { ListedDevice } from "./listed-device.ts";
import { MonitorView } from "./monitor-view.tsx";
import { useMonitorAddress } from "./use-monitor-address.ts";
import "./devices.css";

const everyMs = 2000;
/** Monitors on one page of the list. */
const pageSize = 100;

export function DevicesPage() {
  const [monitorId, show] = useMonitorAddress();
  /** Behind which id each page of the list begins, up to the one that is shown. */
  const [starts, setStarts] = useState<readonly string[]>([""]);
  const after = starts.at(-1) ?? "";
  const polled = usePolled<readonly ListedDevice[]>(`/devices?away=1&limit=${pageSize}&after=${encodeURIComponent(after)}`, everyMs);
  const last = polled.data?.at(-1)?.monitor_id;
  const hasMore = polled.data?.length === pageSize && last !== undefined;
  const paging = (hasMore || starts.length > 1) && (
    <div className="row">
      <Button disabled={starts.length === 1} onClick={() => setStarts(starts.slice(0, -1))}>
        Before
      </Button>
      <Button disabled={!hasMore} onClick={() => last !== undefined && setStarts([...starts, last])}>
        Next {pageSize}
      </Button>
    </div>
  );
  return (
    <Page
      title="Devices"
      about="Monitors are devices that wait for commands. Each command is kept from when it is sent until the monitor has answered."
    >
      <DeviceList polled={polled} selectedId={monitorId} paging={paging} onShow={show} />
      {monitorId === undefined ? (
        <Panel title="Commands">
          <EmptyState title="No monitor chosen">Choose one: then you can send it commands, and see what became of earlier ones.</EmptyState>
        </Panel>
      ) : (
        <MonitorView key={monitorId} monitorId={monitorId} onChanged={polled.refresh} />
      )}
    </Page>
  );
}
