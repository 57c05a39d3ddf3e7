/** The monitors as HTTP shows them, a page at a time. */
import { type MonitorIds, monitorIdOf } from "./monitor-id.ts";
import type { Present, Roster } from "./roster.ts";
import type { Command, Commands, Status } from "./rules.ts";

/** Times in ms since 1970. */
export interface ListedDevice {
  readonly monitor_id: string;
  /** Null if it is away. */
  readonly since: number | null;
  /** Null if it is away, or its node did not say in time. */
  readonly last_heard: number | null;
  /** How many of its commands have no end. */
  readonly open_commands: number;
  /** Which of them was sent first. Expired: the monitor has it and may still answer. */
  readonly oldest_command: OpenCommand | null;
}

interface OpenCommand {
  readonly command_id: string;
  readonly status: Status;
  readonly queued_at: number;
  /** Of the last hand-over. */
  readonly sent_at?: number;
}

/** A monitor that is not connected. */
interface Away {
  readonly monitor_id: string;
  readonly since: null;
}

/** Those of the subjects that nobody holds. */
export function awayWith(subjects: Iterable<string>, roster: Roster): Away[] {
  return [...subjects].flatMap((subject) => {
    const monitorId = roster.has(subject) ? undefined : monitorIdOf(subject);
    return monitorId === undefined ? [] : [{ monitor_id: monitorId, since: null }];
  });
}

interface Sources {
  /** Asks a node when these connections of its were last heard. */
  heard(session: string, connections: readonly string[]): Promise<Readonly<Record<string, number>>>;
  /** A subject's commands without an end, in the order of sending. */
  open(subject: string): Commands;
  readonly ids: MonitorIds;
}

export async function listDevices(
  monitors: readonly (Present | Away)[],
  { after, limit }: { readonly after: string; readonly limit: number },
  { heard, open, ids }: Sources,
): Promise<ListedDevice[]> {
  const page = monitors
    .filter(({ monitor_id }) => monitor_id > after)
    .sort((a, b) => (a.monitor_id < b.monitor_id ? -1 : 1))
    .slice(0, limit);
  const bySession = new Map<string, string[]>();
  for (const monitor of page) {
    if (monitor.since === null) continue;
    const { session, connection } = monitor;
    const connections = bySession.get(session);
    if (connections === undefined) bySession.set(session, [connection]);
    else connections.push(connection);
  }
  const answers = await Promise.all(Array.from(bySession, ([session, connections]) => heard(session, connections)));
  const times: Record<string, number> = Object.assign({}, ...answers);
  return page.map((monitor) => {
    const subject = ids.subject(monitor.monitor_id);
    const commands: Commands = subject === undefined ? new Map() : open(subject);
    const [oldest] = commands.values();
    return {
      monitor_id: monitor.monitor_id,
      since: monitor.since,
      last_heard: monitor.since === null ? null : (times[monitor.connection] ?? null),
      open_commands: commands.size,
      oldest_command: oldest === undefined ? null : listed(oldest),
    };
  });
}

function listed({ id, life, queuedAtMs, sentAtMs }: Command): OpenCommand {
  return { command_id: id, status: life.status, queued_at: queuedAtMs, ...(life.attempts > 0 ? { sent_at: sentAtMs } : {}) };
}
