/** Reads a monitor's history on, gently, and at once when something was told of it. */
import { useEffect, useState } from "react";
import { usePolled } from "../../parts/use-polled.ts";
import { pageLength } from "./command-history.ts";
import type { DeviceStore } from "./device-store.ts";
import type { ListedCommand } from "./listed-command.ts";

/** How old the history is. */
export interface HistoryNews {
  readonly atMs: number | undefined;
  readonly error: unknown;
  refresh(): void;
}

/** The hand-over (`sent`) is told to nobody, so it is asked for. */
const everyMs = 2000;

/** Each answer says where to read on: another address, so that a long history is read at once, and then only what is new. */
export function useHistory(store: DeviceStore, monitorId: string): HistoryNews {
  const path = `/devices/${encodeURIComponent(monitorId)}/commands?limit=${pageLength}&after=${store.after}`;
  const { data, atMs, error, refresh } = usePolled<readonly ListedCommand[]>(path, everyMs);
  const [lastAtMs, setLastAtMs] = useState<number>();
  const [toldOf] = store.news;
  useEffect(() => {
    if (data === undefined || atMs === undefined) return;
    store.take(data);
    setLastAtMs(atMs);
  }, [store, data, atMs]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: whenever there is other news
  useEffect(refresh, [toldOf, store.unconfirmed, refresh]);
  return { atMs: lastAtMs, error, refresh };
}
