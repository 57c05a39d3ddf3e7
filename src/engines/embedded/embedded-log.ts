/** A log of the embedded engine: a table, the commits it takes part in, and this node's follow. */
import type {
  Appended,
  AppendOptions,
  Follower,
  Following,
  Log,
  NewEvent,
  ReadOptions,
  ReadResult,
} from "../../kit/engine.ts";
import { isSwitchboardError, messageOf, SwitchboardError } from "../../wire/error.ts";
import { FollowSlot } from "../local/follow-slot.ts";
import { checkSubject } from "../subjects.ts";
import type { Commits, Part } from "./commits.ts";
import type { LogTable } from "./log-table.ts";

/** What one event takes beside its data, about. */
const eventOverheadBytes = 200;

export class EmbeddedLog implements Log, Part {
  readonly #table: LogTable;
  readonly #commits: Commits;
  readonly #slot: FollowSlot;
  readonly #now: () => number;
  readonly #counts = {
    log_appends_total: 0,
    log_events_total: 0,
    log_duplicates_total: 0,
    log_conflicts_total: 0,
  };
  #closed = false;

  constructor(table: LogTable, commits: Commits, now: () => number) {
    this.#table = table;
    this.#commits = commits;
    this.#slot = new FollowSlot(table.name, table);
    this.#now = now;
  }

  get name(): string {
    return this.#table.name;
  }

  get epoch(): string {
    return this.#table.epoch;
  }

  get position(): number {
    return this.#slot.position;
  }

  async append(
    subject: string,
    events: readonly NewEvent[],
    options: AppendOptions = {},
  ): Promise<readonly Appended[]> {
    this.#check(subject);
    if (events.length === 0) return [];
    this.#counts.log_appends_total++;
    let bytes = 0;
    for (const { data } of events) bytes += data.length + eventOverheadBytes;
    try {
      const stored = await this.#commits.run(this, bytes, () =>
        this.#table.append(subject, events, options.expect, this.#now()),
      );
      const duplicates = stored.filter((one) => one.duplicate).length;
      this.#counts.log_duplicates_total += duplicates;
      this.#counts.log_events_total += stored.length - duplicates;
      return stored;
    } catch (error) {
      if (isSwitchboardError(error, "log_conflict")) this.#counts.log_conflicts_total++;
      throw error;
    }
  }

  async purge(subject: string): Promise<Appended> {
    this.#check(subject);
    return await this.#commits.run(this, eventOverheadBytes, () =>
      this.#table.purge(subject, this.#now()),
    );
  }

  async read(subject: string, after: number, options: ReadOptions = {}): Promise<ReadResult> {
    this.#check(subject);
    return this.#asking(() => this.#table.read(subject, after, options));
  }

  async last(subject: string): Promise<number> {
    this.#check(subject);
    return this.#asking(() => this.#table.last(subject));
  }

  async subjects(prefix: string): Promise<readonly string[]> {
    const all: string[] = [];
    for (;;) {
      this.#check();
      const some = this.#asking(() => this.#table.subjects(prefix, all.at(-1) ?? ""));
      if (some.length === 0) return all;
      all.push(...some);
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  follow(after: number, follower: Follower): Promise<Following> {
    return this.#slot.follow(after, follower);
  }

  caughtUp(offset: number): Promise<void> {
    return this.#slot.caughtUp(offset);
  }

  save(): void {
    this.#table.save();
  }

  settle(stored: boolean): void {
    this.#slot.committed(this.#table.settle(stored));
  }

  /** From here on calls are refused; what was appended is still committed and followed. */
  refuse(): void {
    this.#closed = true;
  }

  close(): void {
    this.#slot.close();
  }

  stats(): Readonly<Record<string, number>> {
    return this.#counts;
  }

  #asking<T>(ask: () => T): T {
    try {
      return ask();
    } catch (error) {
      throw new SwitchboardError(
        "log_unavailable",
        `log ${this.name} cannot be read: ${messageOf(error)}`,
        {},
        { cause: error },
      );
    }
  }

  #check(subject?: string): void {
    if (this.#closed) throw new SwitchboardError("log_closed", "the engine is closed");
    if (subject !== undefined) checkSubject(subject);
  }
}
