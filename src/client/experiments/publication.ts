/** What becomes of something that was published. */
import { SwitchboardError } from "../../wire/error.ts";
import type { Outcome, Sending } from "../outcome.ts";

/** Of all that leaves in the same post. */
export interface Publication {
  /** Resolves when a crash can no longer lose it: with a durable store. Without one: when it is in the outbox. Rejects if that failed. */
  readonly stored: Promise<void>;
  /** `acked`: the server has it. `evicted`: it was refused (see the `error` event) or could not be kept. Never rejects. */
  readonly outcome: Promise<Outcome>;
}

/** One that is still gathered. */
export class PendingPublication implements Publication {
  readonly stored: Promise<void>;
  readonly outcome: Promise<Outcome>;
  #stored: (stored: Promise<void>) => void = () => {};
  #outcome: (outcome: Outcome | Promise<Outcome>) => void = () => {};

  constructor() {
    this.stored = new Promise((resolve) => {
      this.#stored = resolve;
    });
    this.outcome = new Promise((resolve) => {
      this.#outcome = resolve;
    });
    // Who does not look at `stored` has `outcome`.
    this.stored.catch(() => {});
  }

  /** It is in the outbox. */
  handOver({ stored, outcome }: Sending): void {
    this.#stored(stored);
    this.#outcome(outcome);
  }

  /** It never will be. */
  drop(): void {
    this.#stored(
      Promise.reject(
        new SwitchboardError(
          "connection_closed",
          "the publisher ended before this was in its outbox",
        ),
      ),
    );
    this.#outcome("evicted");
  }
}
