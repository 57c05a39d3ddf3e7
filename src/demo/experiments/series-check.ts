/** Checks that a viewer sees every value of its series exactly once and in order, whether it comes as initial data or later. */
import { type ExperimentRun, keyOf, type SeriesName } from "./experiment-run.ts";

/** How many different faults are kept; further ones are counted only. */
const maxFaults = 5;

export class SeriesCheck {
  readonly #run: Pick<ExperimentRun, "valuesOf">;
  /** How many values of each series were seen. */
  readonly #seen = new Map<string, { readonly name: SeriesName; count: number }>();
  readonly #faults: string[] = [];
  #furtherFaults = 0;

  constructor(run: Pick<ExperimentRun, "valuesOf">) {
    this.#run = run;
  }

  /** How many values were seen, of all series. */
  get count(): number {
    return [...this.#seen.values()].reduce((sum, { count }) => sum + count, 0);
  }

  /** From now on this series must be seen, from its first value on. */
  subscribe(name: SeriesName): void {
    if (!this.#seen.has(keyOf(name))) this.#seen.set(keyOf(name), { name, count: 0 });
  }

  /** The index of the next value of a series: where to go on after a reconnect. */
  next(name: SeriesName): number {
    return this.#seen.get(keyOf(name))?.count ?? 0;
  }

  /** Values of a series came, the first of them with this index. */
  take(name: SeriesName, from: number | undefined, values: readonly unknown[]): void {
    const seen = this.#seen.get(keyOf(name));
    if (seen === undefined) {
      this.#fault(`${keyOf(name)} came without having been asked for`);
      return;
    }
    if (from !== seen.count)
      this.#fault(`${keyOf(name)} went on at ${from} instead of ${seen.count}`);
    const published = this.#run.valuesOf(name);
    const start = from ?? seen.count;
    const wrong = values.findIndex((value, nth) => value !== published[start + nth]);
    if (wrong >= 0)
      this.#fault(
        `${keyOf(name)}[${start + wrong}] came as ${values[wrong]} instead of ${published[start + wrong]}`,
      );
    seen.count = start + values.length;
  }

  /** Whether everything that is published by now was seen. */
  get isComplete(): boolean {
    return [...this.#seen.values()].every(
      ({ name, count }) => count === this.#run.valuesOf(name).length,
    );
  }

  /** What was missed of what is published by now; empty if nothing was. */
  missed(): readonly string[] {
    const short = [...this.#seen.values()].filter(
      ({ name, count }) => count !== this.#run.valuesOf(name).length,
    );
    const [first] = short;
    return [
      ...(first === undefined
        ? []
        : [
            `${short.length} of ${this.#seen.size} series are not complete: of ${keyOf(first.name)} came ${first.count} values instead of ${this.#run.valuesOf(first.name).length}`,
          ]),
      ...this.#faults,
      ...(this.#furtherFaults === 0 ? [] : [`and ${this.#furtherFaults} more faults`]),
    ];
  }

  #fault(what: string): void {
    if (this.#faults.length < maxFaults) this.#faults.push(what);
    else this.#furtherFaults++;
  }
}
