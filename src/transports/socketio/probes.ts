/** Questions whether a client is alive that have not been answered yet. */
import type { Clock } from "../../kit/clock.ts";

/** Any packet answers all of them. */
export class Probes {
  readonly #clock: Clock;
  #waiting: Set<(alive: boolean) => void> | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves to the next answer; to false if none comes within `timeoutMs`. */
  ask(timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const answer = (alive: boolean) => {
        timer.cancel();
        this.#waiting?.delete(answer);
        resolve(alive);
      };
      const timer = this.#clock.after(timeoutMs, () => answer(false));
      this.#waiting ??= new Set();
      this.#waiting.add(answer);
    });
  }

  /** Answers all that are waiting. */
  answer(alive: boolean): void {
    for (const answer of this.#waiting ?? []) answer(alive);
  }
}
