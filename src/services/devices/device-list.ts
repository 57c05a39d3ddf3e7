/** The monitors as HTTP shows them, a page at a time. */
import { monitorIdOf } from "./monitor-id.ts";
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

/** A monitor, and what it is called in the log. */
type Found = readonly [subject: string, monitor: Present | Away];

/** What is asked for; see the contract. */
export interface DevicesQuery {
  readonly order: "id" | "oldest_command";
  readonly away: "0" | "1" | "only";
  readonly after: string;
  readonly limit: number;
}

interface Sources {
  readonly roster: Roster;
  /** The subjects that have commands without an end. */
  openSubjects(): Iterable<string>;
  /** A subject's commands without an end, in the order of sending. */
  open(subject: string): Commands;
  /** Whether who asks may see this monitor. */
  maySee(monitorId: string): boolean;
  /** Asks a node when these connections of its were last heard. */
  heard(session: string, connections: readonly string[]): Promise<Readonly<Record<string, number>>>;
}

/** At most `limit` monitors, in the order that was asked for; equally old ones by id. Only those are looked at closely. */
export async function listDevices(query: DevicesQuery, sources: Sources): Promise<ListedDevice[]> {
  const found = [...connected(query, sources), ...away(query, sources)].filter(
    ([, { monitor_id }]) => sources.maySee(monitor_id),
  );
  const page =
    query.order === "id" ? pageById(found, query) : longestWaiting(found, query, sources);
  const times = await lastHeard(page, sources);
  return page.map(([subject, monitor]) => {
    const commands = sources.open(subject);
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

/** In the order of the oldest command there is nothing to say of those that have none. */
function connected({ order, away }: DevicesQuery, { roster, openSubjects }: Sources): Found[] {
  if (away === "only") return [];
  if (order === "id") return [...roster.entries()];
  return [...openSubjects()].flatMap((subject): Found[] => {
    const present = roster.get(subject);
    return present === undefined ? [] : [[subject, present]];
  });
}

/** Those that have open commands, and that nobody holds. */
function away({ away }: DevicesQuery, { roster, openSubjects }: Sources): Found[] {
  if (away === "0") return [];
  return [...openSubjects()].flatMap((subject): Found[] => {
    const monitorId = roster.has(subject) ? undefined : monitorIdOf(subject);
    return monitorId === undefined ? [] : [[subject, { monitor_id: monitorId, since: null }]];
  });
}

function pageById(found: readonly Found[], { after, limit }: DevicesQuery): Found[] {
  return found
    .filter(([, { monitor_id }]) => monitor_id > after)
    .sort(byId)
    .slice(0, limit);
}

function longestWaiting(
  found: readonly Found[],
  { limit }: DevicesQuery,
  { open }: Sources,
): Found[] {
  return found
    .map((each) => ({ each, sinceMs: waitingSince(open(each[0])) }))
    .sort((a, b) => a.sinceMs - b.sinceMs || byId(a.each, b.each))
    .slice(0, limit)
    .map(({ each }) => each);
}

function byId([, a]: Found, [, b]: Found): number {
  return a.monitor_id < b.monitor_id ? -1 : 1;
}

/** Since when the oldest command has been in the monitor's hands, or has waited for it. */
function waitingSince(commands: Commands): number {
  const [oldest] = commands.values();
  if (oldest === undefined) return Number.POSITIVE_INFINITY;
  return oldest.life.attempts > 0 ? oldest.sentAtMs : oldest.queuedAtMs;
}

/** By connection. */
async function lastHeard(
  page: readonly Found[],
  { heard }: Sources,
): Promise<Record<string, number>> {
  const bySession = new Map<string, string[]>();
  for (const [, monitor] of page) {
    if (monitor.since === null) continue;
    const { session, connection } = monitor;
    const connections = bySession.get(session);
    if (connections === undefined) bySession.set(session, [connection]);
    else connections.push(connection);
  }
  const answers = await Promise.all(
    Array.from(bySession, ([session, connections]) => heard(session, connections)),
  );
  return Object.assign({}, ...answers);
}

function listed({ id, life, queuedAtMs, sentAtMs }: Command): OpenCommand {
  return {
    command_id: id,
    status: life.status,
    queued_at: queuedAtMs,
    ...(life.attempts > 0 ? { sent_at: sentAtMs } : {}),
  };
}
