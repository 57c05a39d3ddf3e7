/** The devices page: which monitors there are, which is stuck, and what becomes of commands. */
import { useCallback } from "react";
import { EmptyState } from "../../parts/empty-state.tsx";
import { Page } from "../../parts/page.tsx";
import { usePaging } from "../../parts/paging.tsx";
import { Panel } from "../../parts/panel.tsx";
import { usePolled } from "../../parts/use-polled.ts";
import { DeviceList } from "./device-list.tsx";
import type { ListedDevice } from "./listed-device.ts";
import { MonitorView } from "./monitor-view.tsx";
import { useMonitorAddress } from "./use-monitor-address.ts";
import { useTroubled } from "./use-troubled.ts";
import "./devices.css";

const everyMs = 2000;
/** Monitors on one page of the list. */
const pageSize = 100;

export function DevicesPage() {
  const [monitorId, show] = useMonitorAddress();
  const paging = usePaging(pageSize);
  const polled = usePolled<readonly ListedDevice[]>(`/devices?away=1&${paging.query}`, everyMs);
  const troubled = useTroubled(everyMs);
  const [refreshList, refreshTroubled] = [polled.refresh, troubled.refresh];
  const refresh = useCallback(() => {
    refreshList();
    refreshTroubled();
  }, [refreshList, refreshTroubled]);
  return (
    <Page
      title="Devices"
      about="Monitors are devices that wait for commands. Each command is kept from when it is sent until the monitor has answered."
    >
      <DeviceList
        polled={polled}
        troubled={troubled}
        selectedId={monitorId}
        paging={paging}
        onShow={show}
      />
      {monitorId === undefined ? (
        <Panel title="Commands">
          <EmptyState title="No monitor chosen">
            Choose one: then you can send it commands, and see what became of earlier ones.
          </EmptyState>
        </Panel>
      ) : (
        <MonitorView key={monitorId} monitorId={monitorId} onChanged={refresh} />
      )}
    </Page>
  );
}
