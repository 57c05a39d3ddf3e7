/** The numbers of an experiment's variables, kept while somebody wants summaries, and read on from where they end. */
import { type Log, SwitchboardError } from "../../kit/index.ts";
import type { Experiment } from "./experiment.ts";
import { parseSamples } from "./sample-event.ts";

/** One variable of one chain. */
interface Draws {
  readonly values: number[];
  after: number;
  /** False once a value was no number. */
  isNumeric: boolean;
}

const pageEvents = 200;

/** What samplers print that is a number, and not in JSON. */
const notFinite: ReadonlySet<unknown> = new Set(["NaN", "Infinity", "-Infinity"]);

export class DrawsOfExperiment {
  readonly #log: Log;
  readonly #experiment: Experiment;
  readonly #maxSamples: number;
  /** By subject, which changes when the experiment is removed. */
  #draws = new Map<string, Draws>();
  #count = 0;
  #generation: number;

  constructor(log: Log, experiment: Experiment, maxSamples: number) {
    this.#log = log;
    this.#experiment = experiment;
    this.#maxSamples = maxSamples;
    this.#generation = experiment.generation;
  }

  /** Each numeric variable's chains, as stored now. Rejects with `over_capacity` if there are more than `maxSamples` in all. One call at a time. */
  async load(): Promise<ReadonlyMap<string, readonly (readonly number[])[]>> {
    const { variables, generation } = this.#experiment;
    if (generation !== this.#generation) {
      this.#generation = generation;
      this.#draws = new Map();
      this.#count = 0;
    }
    const chains = new Map<string, Draws[]>();
    for (const { name, subject } of [...variables]) {
      let draws = this.#draws.get(subject);
      if (draws === undefined) {
        draws = { values: [], after: 0, isNumeric: true };
        this.#draws.set(subject, draws);
      }
      await this.#readOn(subject, draws);
      const of = chains.get(name);
      if (of === undefined) chains.set(name, [draws]);
      else of.push(draws);
    }
    const numeric = [...chains].filter(
      ([, of]) =>
        of.every(({ isNumeric }) => isNumeric) && of.some(({ values }) => values.length > 0),
    );
    return new Map(numeric.map(([name, of]) => [name, of.map(({ values }) => values)]));
  }

  async #readOn(subject: string, draws: Draws): Promise<void> {
    while (draws.isNumeric) {
      const { events, more } = await this.#log.read(subject, draws.after, { limit: pageEvents });
      for (const { offset, data, purged } of events) {
        draws.after = offset;
        if (!purged && draws.isNumeric)
          this.#take(draws, JSON.parse(`[${parseSamples(data).text}]`) as unknown[]);
      }
      // Others have their turn, however much there is to read.
      if (events.length > 0) await new Promise<void>((resolve) => setImmediate(resolve));
      if (!more) return;
    }
  }

  #take(draws: Draws, values: readonly unknown[]): void {
    this.#count += values.length;
    if (this.#count > this.#maxSamples) {
      this.#count -= values.length;
      throw new SwitchboardError(
        "over_capacity",
        `there are over ${this.#maxSamples} samples to summarise (services.experiments.maxSummarySamples)`,
      );
    }
    for (const value of values) {
      if (typeof value === "number") draws.values.push(value);
      else if (notFinite.has(value)) draws.values.push(Number(value));
      else {
        this.#count -= draws.values.length;
        draws.isNumeric = false;
        draws.values.length = 0;
        return;
      }
    }
  }
}
