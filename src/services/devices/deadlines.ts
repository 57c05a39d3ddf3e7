/** One deadline for each monitor that has one, and one timer for the earliest of all. */
import type { Clock, Timer } from "../../kit/index.ts";

interface Entry {
  readonly atMs: number;
  readonly subject: string;
}

/** The timer looks again at least so often, so that a jump of the wall clock is noticed. */
const longestSleepMs = 60_000;

/** By the wall clock, since that is what the log stores. Setting costs the logarithm of the number of monitors. */
export class Deadlines {
  readonly #clock: Clock;
  readonly #reached: (subject: string) => void;
  readonly #atMs = new Map<string, number>();
  /** A binary heap, the earliest first; entries that are no longer those of `#atMs` are passed over. */
  #heap: Entry[] = [];
  #timer: Timer | undefined;
  #timerAtMs = Number.POSITIVE_INFINITY;

  /** `reached` is called once for each deadline, whose subject then has none any more. */
  constructor(clock: Clock, reached: (subject: string) => void) {
    this.#clock = clock;
    this.#reached = reached;
  }

  get size(): number {
    return this.#atMs.size;
  }

  /** Not later than this: does nothing if the subject has an earlier one. */
  atMost(subject: string, atMs: number): void {
    if ((this.#atMs.get(subject) ?? Number.POSITIVE_INFINITY) <= atMs) return;
    this.#atMs.set(subject, atMs);
    if (this.#heap.length > 2 * this.#atMs.size + 64) this.#rebuild();
    else this.#push({ atMs, subject });
    this.#arm();
  }

  delete(subject: string): void {
    this.#atMs.delete(subject);
  }

  #wake(): void {
    this.#timer = undefined;
    this.#timerAtMs = Number.POSITIVE_INFINITY;
    const nowMs = this.#clock.now();
    for (
      let first = this.#heap[0];
      first !== undefined && first.atMs <= nowMs;
      first = this.#heap[0]
    ) {
      this.#pop();
      if (this.#atMs.get(first.subject) !== first.atMs) continue;
      this.#atMs.delete(first.subject);
      this.#reached(first.subject);
    }
    this.#arm();
  }

  #arm(): void {
    for (
      let first = this.#heap[0];
      first !== undefined && this.#atMs.get(first.subject) !== first.atMs;
      first = this.#heap[0]
    )
      this.#pop();
    const first = this.#heap[0];
    if (first === undefined || first.atMs >= this.#timerAtMs) return;
    this.#timer?.cancel();
    this.#timerAtMs = first.atMs;
    this.#timer = this.#clock.after(
      Math.min(Math.max(0, first.atMs - this.#clock.now()), longestSleepMs),
      () => this.#wake(),
    );
  }

  #rebuild(): void {
    this.#heap = Array.from(this.#atMs, ([subject, atMs]) => ({ atMs, subject })).sort(
      (a, b) => a.atMs - b.atMs,
    );
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const other = heap[above];
      if (other === undefined || other.atMs <= entry.atMs) break;
      heap[at] = other;
      at = above;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const entry = heap.pop();
    if (entry === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const below =
        (heap[left + 1]?.atMs ?? Number.POSITIVE_INFINITY) <
        (heap[left]?.atMs ?? Number.POSITIVE_INFINITY)
          ? left + 1
          : left;
      const other = heap[below];
      if (other === undefined || other.atMs >= entry.atMs) break;
      heap[at] = other;
      at = below;
    }
    heap[at] = entry;
  }
}
