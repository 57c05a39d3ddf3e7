/** Time, handed in: two clocks and a timer. */

/** A pending call. */
export interface Timer {
  /** The call will not happen; does nothing once it has. */
  cancel(): void;
}

/** Where services and the kit take time from, so that tests can hand in their own. */
export interface Clock {
  /** ms since 1970; may jump. For what people read and what is stored. */
  now(): number;
  /** ms from an arbitrary start; never goes back. For measuring and for deadlines inside the process. */
  monotonic(): number;
  /** Calls `run` once, `ms` from now (at least; more than 24 days counts as 24 days). */
  after(ms: number, run: () => void): Timer;
}

/** setTimeout takes no more than this. */
const longestTimeoutMs = 2 ** 31 - 1;

/** The machine's clocks. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, run) {
    const timeout = setTimeout(run, Math.min(Math.max(0, ms), longestTimeoutMs));
    return { cancel: () => clearTimeout(timeout) };
  },
};

/** A clock whose timers all end with it: what a service is given, so that none outlives it. */
export class OwnedClock implements Clock {
  readonly #clock: Clock;
  readonly #failed: (error: unknown) => void;
  readonly #timers = new Set<Timer>();
  #ended = false;

  /** `failed` is told what a timer's call throws, which would otherwise end the process. */
  constructor(clock: Clock, failed: (error: unknown) => void) {
    this.#clock = clock;
    this.#failed = failed;
  }

  now(): number {
    return this.#clock.now();
  }

  monotonic(): number {
    return this.#clock.monotonic();
  }

  after(ms: number, run: () => void): Timer {
    if (this.#ended) return { cancel: () => {} };
    const inner = this.#clock.after(ms, () => {
      this.#timers.delete(timer);
      try {
        run();
      } catch (error) {
        this.#failed(error);
      }
    });
    const timer: Timer = {
      cancel: () => {
        this.#timers.delete(timer);
        inner.cancel();
      },
    };
    this.#timers.add(timer);
    return timer;
  }

  /** Cancels every pending timer. */
  release(): void {
    for (const timer of [...this.#timers]) timer.cancel();
  }

  /** Cancels every pending timer; a later one never calls. */
  end(): void {
    this.#ended = true;
    this.release();
  }
}
