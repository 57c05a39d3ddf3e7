/** A worker's head: what it makes of the units that it gets, and what it has done so far. */
import { Expectation } from "../expectation.ts";
import type { Random } from "../random.ts";
import type { Setting } from "../setting.ts";
import { count } from "../words.ts";
import { counterfactualOf, rankingOf } from "./counterfactual.ts";

/** What a worker is shown. */
export type UnitTask =
  | { readonly stage: "CAD"; readonly original: string }
  | { readonly stage: "RANKING"; readonly sentences: readonly string[] };

/** What it makes of that. */
export type UnitResult =
  | { readonly cad: string }
  | { readonly explanation: string }
  | { readonly permutation: readonly number[] };

/** How often a worker finds nothing to write. */
const skipShare = 0.05;

/** The numbers of a worker that it can know by itself. */
export interface WorkerCounts {
  readonly num_cads: number;
  readonly num_rankings: number;
}

export class CrowdWork {
  readonly expected: Expectation;
  readonly #setting: Setting;
  readonly #random: Random;
  #cads = 0;
  #skips = 0;
  #rankings = 0;

  constructor(setting: Setting, random: Random) {
    this.expected = new Expectation("answers", setting.clock);
    this.#setting = setting;
    this.#random = random;
  }

  /** How many units it has completed, of whatever kind. */
  get units(): number {
    return this.#cads + this.#skips + this.#rankings;
  }

  get counts(): WorkerCounts {
    return { num_cads: this.#cads, num_rankings: this.#rankings };
  }

  /** Reads and thinks. */
  async think(): Promise<void> {
    await this.#setting.pause(this.#random.between(500, 1500));
  }

  do(task: UnitTask): UnitResult {
    if (task.stage === "RANKING") return { permutation: rankingOf(task.sentences, this.#random) };
    if (this.#random.chance(skipShare)) return { explanation: "I cannot think of anything." };
    return { cad: counterfactualOf(task.original, this.#random) };
  }

  /** True this often, of 1: for what the worker does now and then. */
  feelsLikeIt(share: number): boolean {
    return this.#random.chance(share);
  }

  /** The server has acknowledged a result. */
  completed(result: UnitResult): void {
    if ("permutation" in result) this.#rankings++;
    else if ("cad" in result) this.#cads++;
    else this.#skips++;
  }

  /** Whether these are the worker's own numbers; they are once nothing of the worker is under way. */
  isRight(stats: unknown): boolean {
    const { num_cads, num_rankings } = this.counts;
    const told =
      typeof stats === "object" && stats !== null ? (stats as Partial<WorkerCounts>) : {};
    return told.num_cads === num_cads && told.num_rankings === num_rankings;
  }

  saw(): string {
    const skipped = this.#skips === 0 ? "" : `, ${this.#skips} skipped`;
    return `${count(this.#cads, "CAD")} written, ${this.#rankings} rankings${skipped}`;
  }
}
