/** The subscribers of this node: those that have not said who they are, and the feeds of the others. */
import type { Clock, Connection, Timer } from "../../kit/index.ts";
import type { Feed } from "./feed.ts";

export interface SubscribersParts {
  readonly clock: Clock;
  readonly authorizationMs: number;
  /** It has not sent `authorization` in time. */
  late(connection: Connection): void;
}

export class Subscribers {
  readonly #parts: SubscribersParts;
  /** Until when (monotonic) each may take, in the order of opening. */
  readonly #deadlines = new Map<Connection, number>();
  readonly #feeds = new Map<Connection, Feed>();
  #timer: Timer | undefined;

  constructor(parts: SubscribersParts) {
    this.#parts = parts;
  }

  opened(connection: Connection): void {
    this.#deadlines.set(connection, this.#parts.clock.monotonic() + this.#parts.authorizationMs);
    this.#watch();
  }

  /** It has said who it is. */
  admitted(connection: Connection): void {
    this.#deadlines.delete(connection);
  }

  begun(connection: Connection, feed: Feed): void {
    this.#feeds.set(connection, feed);
  }

  feedOf(connection: Connection): Feed | undefined {
    return this.#feeds.get(connection);
  }

  closed(connection: Connection): void {
    this.#deadlines.delete(connection);
    this.#feeds.get(connection)?.end();
    this.#feeds.delete(connection);
  }

  /** One timer, for the first that is due. */
  #watch(): void {
    const [deadlineMs] = this.#deadlines.values();
    if (this.#timer !== undefined || deadlineMs === undefined) return;
    const { clock, late } = this.#parts;
    this.#timer = clock.after(deadlineMs - clock.monotonic(), () => {
      this.#timer = undefined;
      const nowMs = clock.monotonic();
      for (const [connection, untilMs] of this.#deadlines) {
        if (untilMs > nowMs) break;
        this.#deadlines.delete(connection);
        late(connection);
      }
      this.#watch();
    });
  }
}
