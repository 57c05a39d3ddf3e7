/** Plain counters of one service, read by the metrics endpoint. Adding to them costs next to nothing. */

/** Counts by a label. The labels come from our own tables, so that it stays bounded. */
class Count {
  readonly #by = new Map<string, number>();

  add(label: string, n = 1): void {
    this.#by.set(label, (this.#by.get(label) ?? 0) + n);
  }

  entries(): IterableIterator<[string, number]> {
    return this.#by.entries();
  }
}

/** What a service has seen since the start. */
export class Tally {
  messagesIn = 0;
  messagesOut = 0;
  bytesIn = 0;
  bytesOut = 0;
  /** `latest` messages that slow clients did not get, of the connections that have ended. */
  skipped = 0;
  /** By code of the error table. */
  readonly errors = new Count();
  /** By close code of connections that are gone. */
  readonly closes = new Count();
  /** Taken messages by name. */
  readonly received = new Count();
}
