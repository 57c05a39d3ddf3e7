/** What is really published of one experiment: the publisher writes it down before it sends it, the viewers compare what they see. */

import type { Clock } from "../../kit/index.ts";
import { Changes } from "../changes.ts";

/** A variable of one chain. */
export interface SeriesName {
  readonly chain: string;
  readonly variable: string;
}

/** One experiment, from its first draw to its end. */
export class ExperimentRun {
  readonly xid: string;
  readonly #series = new Map<string, { readonly name: SeriesName; readonly values: number[] }>();
  readonly #changes: Changes;
  #log = "";
  #isOver = false;

  constructor(xid: string, clock: Clock) {
    this.xid = xid;
    this.#changes = new Changes(clock);
  }

  /** All log text. */
  get log(): string {
    return this.#log;
  }

  /** Nothing more will be published. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** All series that have a value. */
  get names(): readonly SeriesName[] {
    return [...this.#series.values()].map(({ name }) => name);
  }

  /** The values of a series so far; none for one that is not known. */
  valuesOf(name: SeriesName): readonly number[] {
    return this.#series.get(keyOf(name))?.values ?? [];
  }

  /** A value will be published. */
  add(name: SeriesName, value: number): void {
    const key = keyOf(name);
    const series = this.#series.get(key) ?? { name, values: [] };
    series.values.push(value);
    this.#series.set(key, series);
    this.#changes.notify();
  }

  /** Log text will be published. */
  write(text: string): void {
    this.#log += text;
  }

  /** Everything is published. */
  end(): void {
    this.#isOver = true;
    this.#changes.notify();
  }

  /** Resolves as soon as `holds` does, or the run is over, or at the deadline. */
  async until(holds: () => boolean, deadlineMs: number): Promise<void> {
    await this.#changes.until(() => this.#isOver || holds(), deadlineMs);
  }
}

/** A text that stands for a series. */
export function keyOf({ chain, variable }: SeriesName): string {
  return `${chain} ${variable}`;
}
