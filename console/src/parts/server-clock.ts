/** The server's clock, as far as this page can tell: from the times of its answers. */
import { clockLead } from "./clock-lead.ts";

/** One for the page, as all its answers come from one server, or from nodes whose clocks agree. Tells its listeners when the lead has changed. */
export class ServerClock {
  readonly #listeners = new Set<() => void>();
  #leadMs = 0;

  /** How far this browser's clock is ahead, about: a time of the server's plus this is one of this browser's. 0 until an answer says otherwise. */
  readonly leadMs = (): number => this.#leadMs;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** An answer has come at `browserAtMs`, which was given at `serverAtMs` by the server's clock; undefined: it did not say. */
  heard(browserAtMs: number, serverAtMs: number | undefined): void {
    const leadMs = clockLead(this.#leadMs, browserAtMs, serverAtMs);
    if (leadMs === this.#leadMs) return;
    this.#leadMs = leadMs;
    for (const listener of [...this.#listeners]) listener();
  }
}
