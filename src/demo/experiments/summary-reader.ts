/** A script that reads the diagnostics of each finished experiment, and works the plain ones out for itself. */
import { Expectation } from "../expectation.ts";
import { dataOf, demand } from "../http.ts";
import type { Participant } from "../participant.ts";
import type { Setting } from "../setting.ts";
import { count } from "../words.ts";
import type { ExperimentRun } from "./experiment-run.ts";
import type { Figures } from "./experiment-viewer.ts";

/** How far apart, relatively, two ways to add up may come. */
const tolerance = 1e-9;

export class SummaryReader implements Participant {
  readonly name = "summary script";
  readonly #setting: Setting;
  readonly #expected: Expectation;
  #figures = 0;
  #rHat: number | null = null;

  constructor(setting: Setting) {
    this.#setting = setting;
    this.#expected = new Expectation("figures", setting.clock);
  }

  /** Rejects if the server does not answer. */
  async read(run: ExperimentRun): Promise<void> {
    const data = dataOf(await demand(`${this.#setting.url}/experiments/${run.xid}/summary`));
    const summary = data as Readonly<Record<string, Figures | undefined>>;
    for (const [variable, values] of byVariable(run)) {
      const told = summary[variable];
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const sd = Math.sqrt(
        values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1),
      );
      if (told === undefined || !isClose(told.mean, mean) || !isClose(told.sd, sd)) {
        this.#expected.fault(
          `${run.xid}: of ${variable} the summary says ${JSON.stringify(told)}; the mean is ${mean}, the sd ${sd}`,
        );
      }
      this.#figures++;
      if (variable === "mu") this.#rHat = told?.r_hat ?? null;
    }
  }

  saw(): string {
    const last = this.#rHat === null ? "" : `; the last R-hat of mu was ${this.#rHat.toFixed(4)}`;
    return `mean and sd of ${count(this.#figures, "variable")} as it works them out itself${last}`;
  }

  missed(): readonly string[] {
    return this.#expected.missed();
  }
}

/** All values of each variable, chain after chain. */
function byVariable(run: ExperimentRun): ReadonlyMap<string, readonly number[]> {
  const values = new Map<string, number[]>();
  for (const name of run.names) {
    const all = values.get(name.variable) ?? [];
    all.push(...run.valuesOf(name));
    values.set(name.variable, all);
  }
  return values;
}

function isClose(one: number, other: number): boolean {
  return Math.abs(one - other) <= tolerance * Math.max(1, Math.abs(other));
}
