/** How old an answer is, and a mark on one that could not be had anew. */
import { Age } from "./age.tsx";
import { StatusBadge } from "./status-badge.tsx";
import type { Polled } from "./use-polled.ts";

/** For a panel's `aside`. */
export function Freshness({ of: { atMs, error } }: { readonly of: Pick<Polled<unknown>, "atMs" | "error"> }) {
  if (atMs === undefined) return null;
  return (
    <>
      {error !== undefined && (
        <span title={error instanceof Error ? error.message : String(error)}>
          <StatusBadge tone="warn">Stale</StatusBadge>
        </span>
      )}
      <Age atMs={atMs} />
    </>
  );
}
