/** The one follow that a node may have of a log, for engines whose log is in this process. */
import type { Follower, Following, Gap, LogEvent } from "../../kit/engine.ts";
import { messageOf, SwitchboardError } from "../../wire/error.ts";

/** Where a follow gets its history from. */
export interface History {
  /** Offset of the newest event that was ever stored; 0 for none. */
  head(): number;
  /** Some of the events after `after`, oldest first; `more` if there are further ones at this moment. */
  next(after: number): {
    readonly events: readonly LogEvent[];
    readonly gap?: Gap;
    readonly more: boolean;
  };
}

interface Run {
  readonly follower: Follower;
  /** True once the history has been given: from then on `committed` brings the events. */
  live: boolean;
  over: boolean;
}

interface Waiting {
  readonly offset: number;
  resolve(): void;
  reject(error: Error): void;
}

export class FollowSlot {
  readonly #log: string;
  readonly #history: History;
  readonly #waiting = new Set<Waiting>();
  #run: Run | undefined;
  #position = 0;
  #closed = false;

  constructor(log: string, history: History) {
    this.#log = log;
    this.#history = history;
  }

  get position(): number {
    return this.#position;
  }

  /** True if `committed` will be looked at. */
  get live(): boolean {
    return this.#run?.live === true;
  }

  async follow(after: number, follower: Follower): Promise<Following> {
    if (this.#closed) throw this.#ended();
    if (this.#run !== undefined) {
      throw new SwitchboardError(
        "wrong_state",
        `log ${this.#log} is followed by this node already: stop that follow first`,
      );
    }
    const run: Run = { follower, live: false, over: false };
    this.#run = run;
    this.#position = after;
    const head = this.#history.head();
    this.#replay(run);
    await this.#reached(head, run);
    return { stop: async () => this.#end(run) };
  }

  async caughtUp(offset: number): Promise<void> {
    if (this.#closed) throw this.#ended();
    await this.#reached(offset, this.#run);
  }

  /** Hands on what was just stored. Call it with all that is stored, in order, before anybody else can store or read. */
  committed(events: readonly LogEvent[]): void {
    if (this.#run?.live === true) this.#give(this.#run, events);
  }

  close(): void {
    this.#closed = true;
    if (this.#run !== undefined) this.#end(this.#run);
  }

  /** Gives a part of the history, and comes back in a later turn for the rest, so that nobody else waits for all of it. */
  #replay(run: Run): void {
    if (run.over) return;
    try {
      const { events, gap, more } = this.#history.next(this.#position);
      if (gap !== undefined) {
        run.follower.gap(gap);
        this.#position = gap.to;
      }
      this.#give(run, events);
      if (more) setImmediate(() => this.#replay(run));
      else run.live = true;
    } catch (error) {
      this.#end(run, error);
    }
  }

  #give(run: Run, events: readonly LogEvent[]): void {
    for (const event of events) {
      if (run.over) return;
      if (event.offset <= this.#position) continue;
      try {
        run.follower.event(event);
      } catch (error) {
        this.#end(run, error);
        return;
      }
      this.#position = event.offset;
    }
    for (const waiting of this.#waiting) {
      if (waiting.offset > this.#position) continue;
      this.#waiting.delete(waiting);
      waiting.resolve();
    }
  }

  async #reached(offset: number, run: Run | undefined): Promise<void> {
    if (this.#position >= offset) return;
    if (run === undefined || run.over) throw this.#ended();
    await new Promise<void>((resolve, reject) => this.#waiting.add({ offset, resolve, reject }));
  }

  #end(run: Run, cause?: unknown): void {
    if (run.over) return;
    run.over = true;
    this.#run = undefined;
    for (const waiting of this.#waiting) waiting.reject(this.#ended(cause));
    this.#waiting.clear();
  }

  #ended(cause?: unknown): SwitchboardError {
    if (this.#closed) return new SwitchboardError("log_closed", "the engine is closed");
    const why = cause === undefined ? "" : `: ${messageOf(cause)}`;
    return new SwitchboardError(
      "log_closed",
      `log ${this.#log} is not followed by this node, or no longer${why}`,
      {},
      { cause },
    );
  }
}
