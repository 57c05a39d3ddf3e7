/** The connected monitors as HTTP shows them, a page at a time. */
import type { Present } from "./roster.ts";

/** Times in ms since 1970. */
export interface ListedDevice {
  readonly monitor_id: string;
  readonly since: number;
  /** Null if its node did not say in time. */
  readonly last_heard: number | null;
}

/** `heard` asks a node when these connections of its were last heard. */
export async function listDevices(
  present: readonly Present[],
  { after, limit }: { readonly after: string; readonly limit: number },
  heard: (session: string, connections: readonly string[]) => Promise<Readonly<Record<string, number>>>,
): Promise<ListedDevice[]> {
  const page = present
    .filter(({ monitor_id }) => monitor_id > after)
    .sort((a, b) => (a.monitor_id < b.monitor_id ? -1 : 1))
    .slice(0, limit);
  const bySession = new Map<string, string[]>();
  for (const { session, connection } of page) {
    const connections = bySession.get(session);
    if (connections === undefined) bySession.set(session, [connection]);
    else connections.push(connection);
  }
  const answers = await Promise.all(Array.from(bySession, ([session, connections]) => heard(session, connections)));
  const times: Record<string, number> = Object.assign({}, ...answers);
  return page.map(({ monitor_id, since, connection }) => ({ monitor_id, since, last_heard: times[connection] ?? null }));
}
