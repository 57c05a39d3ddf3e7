/** One monitor: send it a command, see what happens, look at what was. */
import { useEffect, useState } from "react";
import { ErrorState } from "../../parts/error-state.tsx";
import { messageOf } from "../../parts/message-of.ts";
import { Panel } from "../../parts/panel.tsx";
import { StatusBadge } from "../../parts/status-badge.tsx";
import { useToast } from "../../parts/toast.tsx";
import { useExternal } from "../../parts/use-external.ts";
import { useLive } from "../../parts/use-live.ts";
import { useSession } from "../../session/session.tsx";
import { CommandForm } from "./command-form.tsx";
import { DeviceStore } from "./device-store.ts";
import { HistoryPanel } from "./history-panel.tsx";
import type { ListedCommand } from "./listed-command.ts";
import { NewsPanel } from "./news-panel.tsx";
import { useHistory } from "./use-history.ts";

export function MonitorView({
  monitorId,
  onChanged,
}: {
  readonly monitorId: string;
  onChanged(): void;
}) {
  const { baseUrl, clientOptions } = useSession();
  const store = useLive(
    () => new DeviceStore(baseUrl, { ...clientOptions, monitorId }),
    [baseUrl, clientOptions, monitorId],
  );
  return store === undefined ? null : (
    <LiveMonitor store={store} monitorId={monitorId} onChanged={onChanged} />
  );
}

interface LiveMonitorProps {
  readonly store: DeviceStore;
  readonly monitorId: string;
  /** Something was told: lists that others keep may be old. */
  onChanged(): void;
}

function LiveMonitor({ store, monitorId, onChanged }: LiveMonitorProps) {
  useExternal(store.subscribe, store.version);
  const { state } = store.connection;
  if (state.status === "closed" && state.ending.kind !== "closed") {
    return (
      <Panel title={`Monitor ${monitorId}`}>
        <ErrorState
          title="The server does not take this monitor"
          error={state.ending.error ?? state.ending.loss?.reason}
        />
      </Panel>
    );
  }
  return (
    <Commands
      store={store}
      monitorId={monitorId}
      isOpen={state.status === "open"}
      onChanged={onChanged}
    />
  );
}

function Commands({
  store,
  monitorId,
  isOpen,
  onChanged,
}: LiveMonitorProps & { readonly isOpen: boolean }) {
  const { fetchJson } = useSession();
  const say = useToast();
  const history = useHistory(store, monitorId);
  const [cancelling, setCancelling] = useState<ReadonlySet<string>>(new Set());
  const [toldOf] = store.news;
  // biome-ignore lint/correctness/useExhaustiveDependencies: whenever there is other news
  useEffect(onChanged, [toldOf]);

  const cancel = async ({ command_id: id, command }: ListedCommand) => {
    setCancelling((before) => new Set([...before, id]));
    try {
      await fetchJson(
        `/devices/${encodeURIComponent(monitorId)}/commands/${encodeURIComponent(id)}`,
        { method: "DELETE" },
      );
      say(`"${command}" is cancelled: the monitor will not get it`);
    } catch (error) {
      say(`"${command}" is not cancelled: ${messageOf(error)}`, "bad");
    }
    setCancelling((before) => new Set([...before].filter((other) => other !== id)));
    history.refresh();
  };
  const { unconfirmed } = store;
  return (
    <>
      <div className="columns">
        <Panel
          title={`Command ${monitorId}`}
          aside={
            unconfirmed > 0 && (
              <StatusBadge tone={isOpen ? "busy" : "warn"}>
                {unconfirmed} not yet at the server
              </StatusBadge>
            )
          }
        >
          <CommandForm
            onSend={(text, options) => {
              try {
                store.send(text, options);
                return undefined;
              } catch (error) {
                return messageOf(error);
              }
            }}
          />
        </Panel>
        <NewsPanel store={store} />
      </div>
      <HistoryPanel
        store={store}
        news={history}
        onCancel={(command) => void cancel(command)}
        cancelling={cancelling}
      />
    </>
  );
}
