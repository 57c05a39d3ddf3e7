/** A monitor's commands, ended ones too: read from the log and folded, a page at a time. */
import type { Log, LogEvent } from "../../kit/index.ts";
import { parseEvent, type Queued } from "./command-event.ts";
import { isOver, type Life, type Status, step } from "./rules.ts";

/** A command as HTTP shows it. Times in ms since 1970. */
export interface ListedCommand {
  readonly command_id: string;
  readonly command: string;
  readonly status: Status;
  /** Its end came after it had expired. */
  readonly late?: true;
  /** Why it failed. */
  readonly reason?: string;
  /** How often it was handed over. */
  readonly attempts: number;
  readonly queued_at: number;
  /** Of the last hand-over. */
  readonly sent_at?: number;
  /** Of what `status` says, where that is an end. */
  readonly ended_at?: number;
  readonly wait_ms: number;
  readonly answer_ms: number;
  readonly retry: boolean;
  /** Its place: to go on behind it. */
  readonly offset: number;
}

/** Which commands are asked for. */
export interface Query {
  readonly status: Status | undefined;
  /** Only those queued after this offset. */
  readonly after: number;
  readonly limit: number;
}

interface Entry {
  readonly queued: Queued;
  readonly offset: number;
  readonly queuedAtMs: number;
  life: Life;
  reason: string | undefined;
  sentAtMs: number | undefined;
  endedAtMs: number | undefined;
}

/**
 * The first `limit` commands that have the status now, in the order of sending. Reads on from `after` until it has found them and
 * knows their ends; holds no more than those and the ones that have no end yet.
 */
export async function listCommands(
  log: Log,
  subject: string,
  query: Query,
): Promise<ListedCommand[]> {
  const page = new Page(query);
  for (let from = query.after, more = true; more && !page.isComplete; ) {
    const read = await log.read(subject, from);
    for (const event of read.events) page.take(event);
    from = read.events.at(-1)?.offset ?? from;
    more = read.more;
  }
  return page.list();
}

/** The status of one command; undefined if the monitor has had no such command. */
export async function statusOf(
  log: Log,
  subject: string,
  commandId: string,
): Promise<Status | undefined> {
  let life: Life | undefined;
  for (let from = 0, more = true; more; ) {
    const read = await log.read(subject, from);
    for (const { data } of read.events) {
      const event = parseEvent(data);
      if (event?.command_id === commandId) life = step(life, event) ?? life;
    }
    from = read.events.at(-1)?.offset ?? from;
    more = read.more;
  }
  return life?.status;
}

/** The page that is being found. */
class Page {
  readonly #query: Query;
  /** In the order of sending: those that match and are over, and those that may still match. */
  readonly #entries = new Map<string, Entry>();
  /** Of `#entries`, those that are over and match. */
  #found = 0;

  constructor(query: Query) {
    this.#query = query;
  }

  get isComplete(): boolean {
    return this.#found >= this.#query.limit && this.#found === this.#entries.size;
  }

  take({ data, offset, timeMs }: LogEvent): void {
    const event = parseEvent(data);
    if (event === undefined) return;
    const entry = this.#entries.get(event.command_id);
    const life = step(entry?.life, event);
    if (life === undefined) return;
    if (entry === undefined) {
      if (event.type === "queued") this.#add(event, life, offset, timeMs);
      return;
    }
    entry.life = life;
    if (event.type === "sent") entry.sentAtMs = timeMs;
    else if (event.type !== "dropped") entry.endedAtMs = timeMs;
    if (event.type === "failed") entry.reason = event.reason;
    if (!isOver(life)) return;
    if (this.#matches(entry)) this.#found++;
    else this.#entries.delete(event.command_id);
  }

  list(): ListedCommand[] {
    const matching = [...this.#entries.values()].filter((entry) => this.#matches(entry));
    return matching.slice(0, this.#query.limit).map(listed);
  }

  #add(queued: Queued, life: Life, offset: number, queuedAtMs: number): void {
    if (this.#found >= this.#query.limit) return;
    const entry: Entry = {
      queued,
      offset,
      queuedAtMs,
      life,
      reason: undefined,
      sentAtMs: undefined,
      endedAtMs: undefined,
    };
    this.#entries.set(queued.command_id, entry);
  }

  #matches({ life }: Entry): boolean {
    return this.#query.status === undefined || life.status === this.#query.status;
  }
}

function listed({
  queued,
  offset,
  queuedAtMs,
  life,
  reason,
  sentAtMs,
  endedAtMs,
}: Entry): ListedCommand {
  return {
    command_id: queued.command_id,
    command: queued.command,
    status: life.status,
    ...(life.late ? { late: true } : {}),
    ...(reason === undefined ? {} : { reason }),
    attempts: life.attempts,
    queued_at: queuedAtMs,
    ...(sentAtMs === undefined ? {} : { sent_at: sentAtMs }),
    ...(endedAtMs === undefined ? {} : { ended_at: endedAtMs }),
    wait_ms: queued.wait_ms,
    answer_ms: queued.answer_ms,
    retry: queued.retries > 0,
    offset,
  };
}
