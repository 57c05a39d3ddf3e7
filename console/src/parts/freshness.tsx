/** How old an answer is, and a mark on one that could not be had anew. */
import { Age } from "./age.tsx";
import { messageOf } from "./message-of.ts";
import { StatusBadge } from "./status-badge.tsx";
import type { Polled } from "./use-polled.ts";

/** For a panel's `aside`. */
export function Freshness({
  of: { atMs, error },
}: {
  readonly of: Pick<Polled<unknown>, "atMs" | "error">;
}) {
  if (atMs === undefined) return null;
  return (
    <>
      {error !== undefined && (
        <span title={messageOf(error)}>
          <StatusBadge tone="warn">Stale</StatusBadge>
        </span>
      )}
      <Age atMs={atMs} />
    </>
  );
}
