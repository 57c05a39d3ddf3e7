/** A study, as its workers know it: whether there may be more to do, and what was written and ranked. */
import type { UnitResult, UnitTask } from "./crowd-work.ts";

export class StudyRun {
  readonly id: string;
  /** Who works at it; others are visitors. */
  readonly workers: readonly string[];
  /** Those who have found nothing to do since the last result. */
  readonly #idle = new Set<string>();
  /** Who has written a text; letter case does not make another one. */
  readonly #writers = new Map<string, Set<string>>();
  /** The best of each ranking. */
  readonly #bests: string[] = [];

  constructor(id: string, workers: readonly string[]) {
    this.id = id;
    this.workers = workers;
  }

  /** Nobody finds anything to do any more. */
  get isOver(): boolean {
    return this.#idle.size >= this.workers.length;
  }

  /** The best of each ranking so far. */
  get bests(): readonly string[] {
    return this.#bests;
  }

  /** The server has nothing for this worker now. */
  nothingFor(worker: string): void {
    this.#idle.add(worker);
  }

  /** The server has acknowledged a result: there may be something to do for others again. */
  completed(worker: string, task: UnitTask, result: UnitResult): void {
    this.#idle.clear();
    if ("cad" in result) {
      const text = result.cad.toLowerCase();
      this.#writers.set(text, (this.#writers.get(text) ?? new Set()).add(worker));
    } else if ("permutation" in result && task.stage === "RANKING") {
      const best = task.sentences[result.permutation.at(-1) ?? -1];
      if (best !== undefined) this.#bests.push(best);
    }
  }

  /** Whether this worker has written this text. */
  hasWritten(worker: string, text: string): boolean {
    return this.#writers.get(text.toLowerCase())?.has(worker) === true;
  }
}
