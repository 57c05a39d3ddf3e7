/** Removes, a little at a time, what retention, purges and the id window leave behind. */
import { idWindowMs, type LogOptions } from "../../kit/engine.ts";
import type { Commits, Part } from "./commits.ts";
import type { LogTable } from "./log-table.ts";

const everyMs = 500;
/** A slice, which is one transaction, holds the event loop for little more than this. */
const sliceMs = 4;

interface Swept {
  readonly table: LogTable;
  readonly part: Part;
  readonly options: LogOptions;
}

export class Sweeper {
  readonly #commits: Commits;
  readonly #now: () => number;
  readonly #logs: Swept[] = [];
  #timer: NodeJS.Timeout | undefined;
  #next: NodeJS.Immediate | undefined;
  #dropped = 0;
  #purged = 0;

  constructor(commits: Commits, now: () => number) {
    this.#commits = commits;
    this.#now = now;
    this.#timer = setInterval(() => this.#start(), everyMs);
    this.#timer.unref();
  }

  /** How many events retention has dropped, and how many were removed after purges. */
  stats(): Record<string, number> {
    return { log_dropped_total: this.#dropped, log_purged_total: this.#purged };
  }

  add(table: LogTable, part: Part, options: LogOptions): void {
    this.#logs.push({ table, part, options });
  }

  stop(): void {
    clearInterval(this.#timer);
    clearImmediate(this.#next);
    this.#timer = undefined;
    this.#next = undefined;
  }

  #start(): void {
    if (this.#next === undefined) this.#slice();
  }

  #slice(): void {
    this.#next = undefined;
    const untilMs = performance.now() + sliceMs;
    const parts = this.#logs.map((log) => log.part);
    const more = this.#commits.upkeep(parts, () => {
      let busy = true;
      while (busy && performance.now() < untilMs) {
        busy = false;
        for (const log of this.#logs) busy = this.#sweep(log) || busy;
      }
      return busy;
    });
    if (more === true) this.#next = setImmediate(() => this.#slice());
  }

  /** Does a little for one log; false if there was nothing to do. */
  #sweep({ table, options }: Swept): boolean {
    const now = this.#now();
    const purged = table.sweepPurged();
    this.#purged += purged ?? 0;
    const forgot = table.sweepIds(now - idWindowMs);
    if (options.maxEvents === undefined && options.maxAgeMs === undefined)
      return purged !== undefined || forgot;
    const dropped = table.sweepOldest(
      options.maxEvents ?? Number.POSITIVE_INFINITY,
      now - (options.maxAgeMs ?? Number.POSITIVE_INFINITY),
    );
    this.#dropped += dropped;
    return purged !== undefined || forgot || dropped > 0;
  }
}
