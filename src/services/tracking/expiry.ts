/** Stops objects that have been tracked for too long. */
import { type Clock, isSwitchboardError, type Logger, type Timer } from "../../kit/index.ts";
import type { Objects } from "./objects.ts";

export interface ExpiryParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly objects: Objects;
  readonly trackingTimeoutMs: number;
  /** Runs work that nobody waits for. */
  background(work: () => Promise<void>): void;
}

/** It looks again at least so often, so that a jump of the wall clock is noticed. */
const longestSleepMs = 60_000;

/** After something could not be stored, it is tried again so much later. */
const storeAgainMs = 1000;

/** Each node looks after all objects: who stops one second finds it stopped. */
export class Expiry {
  readonly #parts: ExpiryParts;
  #timer: Timer | undefined;

  constructor(parts: ExpiryParts) {
    this.#parts = parts;
    this.created();
  }

  /** There may be an object more. */
  created(): void {
    if (this.#timer !== undefined) return;
    const [oldest] = this.#parts.objects.all();
    if (oldest === undefined) return;
    const { clock, trackingTimeoutMs } = this.#parts;
    this.#sleep(oldest.atMs + trackingTimeoutMs - clock.now());
  }

  #sleep(ms: number): void {
    const { clock, background } = this.#parts;
    this.#timer = clock.after(Math.min(Math.max(0, ms), longestSleepMs), () =>
      background(() => this.#wake()),
    );
  }

  async #wake(): Promise<void> {
    const { clock, logger, objects, trackingTimeoutMs } = this.#parts;
    const dueMs = clock.now() - trackingTimeoutMs;
    try {
      for (const { id, atMs } of [...objects.all()]) if (atMs <= dueMs) await objects.stop(id);
      this.#timer = undefined;
      this.created();
    } catch (error) {
      if (!isSwitchboardError(error)) throw error;
      logger.warn(
        { service: "tracking", code: error.code },
        "objects that are too old could not be stopped: trying again",
      );
      this.#sleep(storeAgainMs);
    }
  }
}
