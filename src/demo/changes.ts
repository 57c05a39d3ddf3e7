/** Waiting, with a deadline, for something that others change. */
import type { Clock } from "../kit/index.ts";

/** Whoever changes what is waited for says so; whoever waits looks again. */
export class Changes {
  readonly #clock: Clock;
  readonly #looks = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Something has changed. */
  notify(): void {
    for (const look of [...this.#looks]) look();
  }

  /** Resolves to true as soon as `holds` does (at once, if it does now), to false at the deadline. Never rejects. */
  until(holds: () => boolean, deadlineMs: number): Promise<boolean> {
    if (holds()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const end = (held: boolean) => {
        timer.cancel();
        this.#looks.delete(look);
        resolve(held);
      };
      const look = () => {
        if (holds()) end(true);
      };
      const timer = this.#clock.after(deadlineMs, () => end(false));
      this.#looks.add(look);
    });
  }
}
