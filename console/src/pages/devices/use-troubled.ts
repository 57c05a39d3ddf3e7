/** Which monitors an operator should look at, of all there are: not only of the page that is shown. */
import { useCallback } from "react";
import { type Polled, usePolled } from "../../parts/use-polled.ts";
import { deviceState, type ListedDevice } from "./listed-device.ts";

/** Of each kind so many are named, those that have waited longest. */
export const mostNamed = 20;

export interface Troubled {
  /** Undefined until both kinds are known. */
  readonly known: KnownTroubled | undefined;
  /** Why one of them could not be had anew. */
  readonly error: unknown;
  refresh(): void;
}

/** One more than `mostNamed` stands for all that there may be beyond. */
export interface KnownTroubled {
  readonly stuck: readonly ListedDevice[];
  readonly away: readonly ListedDevice[];
}

/**
 * Asks for each kind by itself, so that many of one do not hide the other. Of those connected, the stuck ones come first in the order of the
 * oldest command.
 */
export function useTroubled(everyMs: number): Troubled {
  const query = `order=oldest_command&limit=${mostNamed + 1}`;
  const here = usePolled<readonly ListedDevice[]>(`/devices?${query}`, everyMs);
  const gone = usePolled<readonly ListedDevice[]>(`/devices?away=only&${query}`, everyMs);
  const stuck = stuckOf(here);
  const [refreshHere, refreshGone] = [here.refresh, gone.refresh];
  const refresh = useCallback(() => {
    refreshHere();
    refreshGone();
  }, [refreshHere, refreshGone]);
  const known =
    stuck === undefined || gone.data === undefined ? undefined : { stuck, away: gone.data };
  return { known, error: here.error ?? gone.error, refresh };
}

/** As it was when the server said so. */
function stuckOf({
  data,
  serverAtMs = 0,
}: Polled<readonly ListedDevice[]>): readonly ListedDevice[] | undefined {
  return data?.filter((device) => deviceState(device, serverAtMs) === "stuck");
}
