/** A page of the list of connections; see GET /admin/connections. */
import { useCallback, useEffect, useState } from "react";
import { useTicker } from "../../parts/ticker.tsx";
import { useSession } from "../../session/session.tsx";

export interface ListedConnection {
  readonly id: string;
  readonly service: string;
  readonly address: string;
  readonly path: string;
  readonly since: number;
  readonly lastHeard: number;
  readonly unsentBytes: number;
  readonly skipped: number;
  readonly principal?: { readonly name: string };
}

/** Which page. `service` "": all. */
export interface ConnectionQuery {
  readonly service: string;
  readonly sort: "newest" | "opened" | "unsent";
  readonly cursor: string | undefined;
}

interface ConnectionPage {
  /** Of all services. */
  readonly total: number;
  readonly connections: readonly ListedConnection[];
  readonly next?: string;
}

const rowsOfPage = 50;

/** Asks when it appears, for another page, and when refreshed: rows that move by themselves are hard to click on. */
export function useConnectionPage({ service, sort, cursor }: ConnectionQuery) {
  const { fetchAnswer } = useSession();
  const { serverClock } = useTicker();
  const [heard, setHeard] = useState<{ readonly page: ConnectionPage; readonly atMs: number }>();
  const [error, setError] = useState<unknown>();
  const [round, setRound] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another round asks again
  useEffect(() => {
    const left = new AbortController();
    const query = new URLSearchParams({ limit: String(rowsOfPage), sort });
    if (service !== "") query.set("service", service);
    if (cursor !== undefined) query.set("cursor", cursor);
    fetchAnswer<ConnectionPage>(`/admin/connections?${query}`, { signal: left.signal }).then(
      ({ json: page, serverAtMs }) => {
        const atMs = Date.now();
        serverClock.heard(atMs, serverAtMs);
        setHeard({ page, atMs });
        setError(undefined);
      },
      (failure: unknown) => {
        if (!left.signal.aborted) setError(failure);
      },
    );
    return () => left.abort();
  }, [fetchAnswer, serverClock, service, sort, cursor, round]);
  const refresh = useCallback(() => setRound((before) => before + 1), []);
  return { ...heard, error, refresh };
}
