/** How old what stands here is, and whether nothing newer comes any more. */
import { useSyncExternalStore } from "react";
import { Age } from "../../parts/age.tsx";
import { StatusBadge } from "../../parts/status-badge.tsx";
import { useTicker } from "../../parts/ticker.tsx";
import { staleAfterMs } from "./overview-state.ts";

/** Whether something of this time is older than reports ever are. */
export function useIsStale(atMs: number): boolean {
  const ticker = useTicker();
  return useSyncExternalStore(ticker.subscribe, () => ticker.nowMs - atMs > staleAfterMs);
}

export function ReportAge({ atMs }: { readonly atMs: number }) {
  const isStale = useIsStale(atMs);
  return (
    <>
      {isStale && <StatusBadge tone="warn">Stale</StatusBadge>}
      <Age atMs={atMs} />
    </>
  );
}
