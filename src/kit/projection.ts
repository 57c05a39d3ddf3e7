/** State that is folded from a log's events, the same on every node. */
import type { Follower, Following, Gap, Log, LogEvent } from "./engine.ts";

/** What a projection is made of. */
export interface Fold {
  /** Takes one event into the state; deterministic, must not throw. `live`: false while the history is being folded at the start. */
  event(event: LogEvent, live: boolean): void;
  /** Events are gone that were never seen: begin again from what is left. Cannot happen on a log without retention. */
  gap?(gap: Gap): void;
}

/**
 * Follows a log from its beginning. After `open` has resolved the state holds everything that was stored before the call.
 * An event is folded exactly once, in order. `await caughtUp(offset)` before answering from the state what depends on an append.
 */
export class Projection {
  readonly log: Log;
  readonly #following: Following;

  private constructor(log: Log, following: Following) {
    this.log = log;
    this.#following = following;
  }

  static async open(log: Log, fold: Fold): Promise<Projection> {
    let live = false;
    const follower: Follower = {
      event: (event) => fold.event(event, live),
      gap: (gap) => fold.gap?.(gap),
    };
    const following = await log.follow(0, follower);
    live = true;
    return new Projection(log, following);
  }

  /** Resolves when the state includes everything up to `offset`. */
  caughtUp(offset: number): Promise<void> {
    return this.log.caughtUp(offset);
  }

  close(): Promise<void> {
    return this.#following.stop();
  }
}
