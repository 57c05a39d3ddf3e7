/** What the engine suite is run with, and the few tools its parts share: deadlines, a recording follower, short reads. */
import { expect } from "vitest";
import { within } from "../../test/support/inbox.ts";
import type { Engine, Follower, Gap, Log, LogEvent, ReadOptions } from "../kit/engine.ts";
import { isSwitchboardError, type SwitchboardError } from "../wire/error.ts";
import type { ErrorCode } from "../wire/errors.ts";

/** What an engine may be unable to do. Each one that it names, with its reason, skips the tests that need it. */
type Ability =
  /** `open` may be called again while an engine is open: both are nodes on the same store. */
  | "severalNodes"
  /** An engine that is opened after the others were closed finds what they stored. */
  | "reopen";

/** One fresh, empty store. */
export interface EngineHarness {
  /**
   * Opens an engine on the store: the first node, a further one (`severalNodes`), or one after a close (`reopen`).
   * Retention must be enforced within a second of its being due.
   */
  open(): Promise<Engine>;
  /** Closes every engine that is still open and removes the store. */
  cleanUp(): Promise<void>;
}

export interface EngineSuiteOptions {
  /** Called before each test. */
  start(): Promise<EngineHarness>;
  /** What this kind cannot do, and why. Default: it can do everything. */
  readonly cannot?: Readonly<Partial<Record<Ability, string>>>;
  /** Runs of each property; default 100. */
  readonly propertyRuns?: number;
}

/** How the parts of the suite reach the store of the running test. */
export interface SuiteContext {
  open(): Promise<Engine>;
  readonly cannot: Readonly<Partial<Record<Ability, string>>>;
  readonly propertyRuns: number;
}

/** A list that can be waited on: what a follower, a bus listener or a watcher has been given so far. */
export class Arrivals<T> {
  readonly items: T[] = [];
  readonly #waiting = new Set<() => void>();

  add(item: T): void {
    this.items.push(item);
    for (const check of this.#waiting) check();
  }

  /** Resolves with all items as soon as `enough` holds for them. */
  async until(enough: (items: readonly T[]) => boolean, what: string): Promise<readonly T[]> {
    let check = (): void => {};
    const arrived = new Promise<void>((resolve) => {
      check = () => {
        if (enough(this.items)) resolve();
      };
    });
    this.#waiting.add(check);
    check();
    try {
      await within(
        arrived,
        `${what} (so far ${this.items.length}: ${JSON.stringify(this.items.slice(-3))?.slice(0, 500)})`,
      );
    } finally {
      this.#waiting.delete(check);
    }
    return this.items;
  }

  count(count: number): Promise<readonly T[]> {
    return this.until((items) => items.length >= count, `${count} arrivals`);
  }
}

/** A follower that notes what it is given, in order. */
export class Recorder implements Follower {
  readonly events = new Arrivals<LogEvent>();
  readonly gaps: Gap[] = [];
  /** Everything, for order between events and gaps. */
  readonly all: (LogEvent | Gap)[] = [];

  event(event: LogEvent): void {
    this.all.push(event);
    this.events.add(event);
  }

  gap(gap: Gap): void {
    this.all.push(gap);
    this.gaps.push(gap);
  }

  texts(): string[] {
    return texts(this.events.items);
  }
}

/** The events' data; a purge event is shown as `(purged)`. */
export function texts(events: readonly LogEvent[]): string[] {
  return events.map((event) => (event.purged ? "(purged)" : event.data));
}

/** All data of a subject after an offset, however many reads that takes. */
export async function readAll(
  log: Log,
  subject: string,
  after = 0,
  options: ReadOptions = {},
): Promise<LogEvent[]> {
  const events: LogEvent[] = [];
  for (let from = after; ; ) {
    const result = await log.read(subject, from, options);
    events.push(...result.events);
    const last = result.events.at(-1);
    if (!result.more || last === undefined) return events;
    from = last.offset;
  }
}

/** Appends one event and gives its offset. */
export async function put(log: Log, subject: string, data: string, id?: string): Promise<number> {
  const stored = await log.append(subject, [id === undefined ? { data } : { data, id }]);
  const offset = stored[0]?.offset;
  if (offset === undefined) throw new Error("append of one event gave no answer");
  return offset;
}

/** The error with which `promise` rejects; fails the test if it resolves, or rejects without one of the codes. */
export async function rejection(
  promise: Promise<unknown>,
  ...codes: readonly ErrorCode[]
): Promise<SwitchboardError> {
  const outcome = await within(
    promise.then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    ),
    `a rejection with ${codes.join(" or ")}`,
  );
  if ("value" in outcome)
    return expect.unreachable(
      `resolved with ${JSON.stringify(outcome.value)} instead of ${codes.join(" or ")}`,
    );
  if (!isSwitchboardError(outcome.error)) throw outcome.error;
  expect(codes).toContain(outcome.error.code);
  return outcome.error;
}
