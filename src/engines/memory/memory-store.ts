/** What memory engines on one store share: their logs, bus and leases. Nothing outlives the process. */
import { randomUUID } from "node:crypto";
import type {
  Appended,
  AppendOptions,
  LogEvent,
  LogOptions,
  NewEvent,
  ReadOptions,
  ReadResult,
} from "../../kit/engine.ts";
import { idWindowMs } from "../../kit/engine.ts";
import { SwitchboardError } from "../../wire/error.ts";
import type { FollowSlot, History } from "../local/follow-slot.ts";
import { gapAfter } from "../local/gap-after.ts";
import { LocalBus } from "../local/local-bus.ts";
import { LocalLeases } from "../local/local-leases.ts";

/** Hand the same store to several memory engines and they are nodes of one cluster; to one after another, and it is kept. */
export class MemoryStore {
  readonly bus = new LocalBus();
  readonly leases = new LocalLeases();
  readonly #logs = new Map<string, StoredLog>();

  /** The log of that name; `options` and `now` count for the first call. */
  log(name: string, options: LogOptions, now: () => number): StoredLog {
    const present = this.#logs.get(name);
    if (present !== undefined) return present;
    const log = new StoredLog(options, now);
    this.#logs.set(name, log);
    return log;
  }
}

/** One log's events, and what every node does with them. */
export class StoredLog implements History {
  readonly epoch = randomUUID();
  readonly slots = new Set<FollowSlot>();
  readonly #options: LogOptions;
  readonly #now: () => number;
  #events: LogEvent[] = [];
  readonly #ids = new Map<string, { readonly offset: number; readonly timeMs: number }>();
  #head = 0;
  #floor = 0;
  /** Stored and not yet handed to the followers; the turn in which they will be. */
  #fresh: LogEvent[] = [];
  #announced: Promise<void> | undefined;

  constructor(options: LogOptions, now: () => number) {
    this.#options = options;
    this.#now = now;
  }

  append(subject: string, events: readonly NewEvent[], options: AppendOptions): Appended[] {
    this.#forget();
    let expected = options.expect;
    return events.map(({ data, id }) => {
      const known = id === undefined ? undefined : this.#ids.get(id);
      if (known === undefined && expected !== undefined && expected !== this.last(subject)) {
        const last = this.last(subject);
        throw new SwitchboardError(
          "log_conflict",
          `last event of ${subject} is ${last}, not ${expected}: catch up and decide again`,
          {
            last,
          },
        );
      }
      const offset = known?.offset ?? this.#store(subject, data, false);
      if (id !== undefined && known === undefined)
        this.#ids.set(id, { offset, timeMs: this.#now() });
      if (expected !== undefined) expected = offset;
      return { offset, duplicate: known !== undefined };
    });
  }

  purge(subject: string): Appended {
    this.#events = this.#events.filter((event) => event.subject !== subject);
    return { offset: this.#store(subject, "", true), duplicate: false };
  }

  read(
    subject: string,
    after: number,
    { limit = 1_000, upTo = Number.POSITIVE_INFINITY, epoch = this.epoch }: ReadOptions,
  ): ReadResult {
    this.#forget();
    const foreign = epoch !== this.epoch;
    const start = foreign ? 0 : after;
    const all = this.#events.filter((event) => event.subject === subject);
    const asked = all.filter((event) => event.offset > start && event.offset <= upTo);
    const gap = foreign
      ? ({ from: 1, to: Math.max(this.#head, after, 1), reason: "epoch" } as const)
      : gapAfter(after, upTo, this.#floor, all[0]?.purged ? all[0].offset : 0);
    return {
      events: asked.slice(0, limit),
      ...(gap === undefined ? {} : { gap }),
      more: asked.length > limit,
    };
  }

  last(subject: string): number {
    this.#forget();
    return this.#events.findLast((event) => event.subject === subject)?.offset ?? 0;
  }

  subjects(prefix: string): string[] {
    this.#forget();
    const all = this.#events.map((event) => event.subject);
    return [...new Set(all)].filter((subject) => subject.startsWith(prefix)).sort();
  }

  head(): number {
    return this.#head;
  }

  next(after: number): ReturnType<History["next"]> {
    this.#forget();
    const gap = gapAfter(after, Number.POSITIVE_INFINITY, this.#floor, 0);
    const events = this.#events.filter((event) => event.offset > after);
    return {
      events: events.slice(0, 500),
      ...(gap === undefined ? {} : { gap }),
      more: events.length > 500,
    };
  }

  /** Resolves at the end of the turn, when the followers of all nodes that are live have been given what was stored. */
  announced(): Promise<void> {
    this.#announced ??= new Promise((resolve) => {
      setImmediate(() => {
        const fresh = this.#fresh;
        this.#fresh = [];
        this.#announced = undefined;
        for (const slot of this.slots) slot.committed(fresh);
        resolve();
      });
    });
    return this.#announced;
  }

  #store(subject: string, data: string, purged: boolean): number {
    const event: LogEvent = { offset: ++this.#head, subject, timeMs: this.#now(), data, purged };
    this.#events.push(event);
    this.#fresh.push(event);
    return event.offset;
  }

  /** Does now what is due: events over the limits, ids past their window. */
  #forget(): void {
    const { maxAgeMs = Number.POSITIVE_INFINITY, maxEvents = Number.POSITIVE_INFINITY } =
      this.#options;
    const now = this.#now();
    const tooMany = Math.max(0, this.#events.length - maxEvents);
    const young = this.#events.findIndex((event) => now - event.timeMs <= maxAgeMs);
    const count = Math.max(tooMany, young === -1 ? this.#events.length : young);
    this.#floor = this.#events[count - 1]?.offset ?? this.#floor;
    this.#events.splice(0, count);
    for (const [id, { timeMs }] of this.#ids) {
      if (now - timeMs <= idWindowMs) break;
      this.#ids.delete(id);
    }
  }
}
