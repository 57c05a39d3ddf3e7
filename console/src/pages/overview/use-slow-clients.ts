/** The clients for which most bytes wait, of the node that answers. */
import { useEffect, useState } from "react";
import { useSession } from "../../session/session.tsx";

export interface SlowClient {
  readonly id: string;
  readonly service: string;
  readonly address: string;
  readonly unsentBytes: number;
  readonly skipped: number;
  readonly since: number;
}

export interface SlowClients {
  /** The node that answered: the clients are its own. */
  readonly node: string;
  readonly clients: readonly SlowClient[];
  readonly atMs: number;
}

interface Answer {
  readonly node: string;
  readonly connections: readonly SlowClient[];
}

const askEveryMs = 2000;
const most = 20;

/** Asks every two seconds while `wanted`, and else not at all. What was heard stays while the server does not answer: its age tells. */
export function useSlowClients(wanted: boolean): SlowClients | undefined {
  const { fetchJson } = useSession();
  const [heard, setHeard] = useState<SlowClients>();
  useEffect(() => {
    if (!wanted) {
      setHeard(undefined);
      return;
    }
    const left = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async () => {
      try {
        const path = `/admin/connections?sort=unsent&limit=${most}`;
        const { node, connections } = await fetchJson<Answer>(path, { signal: left.signal });
        setHeard({
          node,
          clients: connections.filter(({ unsentBytes }) => unsentBytes > 0),
          atMs: Date.now(),
        });
      } catch {
        // The overview's connection says that the server is away; the next answer has everything.
      }
      if (!left.signal.aborted) timer = setTimeout(() => void ask(), askEveryMs);
    };
    void ask();
    return () => {
      left.abort();
      clearTimeout(timer);
    };
  }, [wanted, fetchJson]);
  return heard;
}
