/** One chain of Hamiltonian Monte Carlo for the eight-schools model. Pure: all chance comes from the random numbers handed in. */
import type { Random } from "../random.ts";
import { dimensions, gradient, logDensity, valuesAt } from "./eight-schools.ts";

/** Share of proposals to accept; the step size is adapted to it during warm-up. */
const targetAcceptance = 0.8;

/** Leapfrog steps of one draw: up to this many, a new number each time, so that no trajectory comes back to its start for ever. */
const mostSteps = 16;

/** Dual averaging as in Hoffman and Gelman, The No-U-Turn Sampler, JMLR 15, 2014, section 3.2. */
const shrinkage = 0.05;
const delay = 10;
const forgetting = 0.75;

export class Sampler {
  readonly #random: Random;
  readonly #anchor: number;
  #point: number[];
  #logStep: number;
  #averageLogStep = 0;
  #averageError = 0;
  #warmUps = 0;

  /** Starts anywhere near the middle of the prior. */
  constructor(random: Random) {
    this.#random = random;
    this.#point = Array.from({ length: dimensions }, () => random.between(-2, 2));
    this.#logStep = Math.log(0.1);
    this.#anchor = Math.log(10) + this.#logStep;
  }

  /** Takes steps that are thrown away, and finds a good step size by them. Call it once, before the first draw. */
  warmUp(draws: number): void {
    for (let left = draws; left > 0; left--) this.#adapt(this.#move());
    this.#logStep = this.#averageLogStep;
  }

  /** The next draw: the value of each of the model's `variables`. */
  draw(): readonly number[] {
    this.#move();
    return valuesAt(this.#point);
  }

  /** One trajectory; returns the probability with which its end was to be accepted. */
  #move(): number {
    const step = Math.exp(this.#logStep);
    let momentum = this.#point.map(() => this.#random.normal());
    const energyBefore = energy(this.#point, momentum);
    let point = this.#point;
    let slope = gradient(point);
    for (let left = 1 + this.#random.below(mostSteps); left > 0; left--) {
      const half = along(momentum, slope, step / 2);
      point = along(point, half, step);
      slope = gradient(point);
      momentum = along(half, slope, step / 2);
    }
    const acceptance = Math.min(1, Math.exp(energyBefore - energy(point, momentum)));
    // Not a number: the trajectory has left all bounds.
    const probability = Number.isNaN(acceptance) ? 0 : acceptance;
    if (this.#random.next() < probability) this.#point = point;
    return probability;
  }

  #adapt(acceptance: number): void {
    this.#warmUps++;
    const weight = 1 / (this.#warmUps + delay);
    this.#averageError =
      (1 - weight) * this.#averageError + weight * (targetAcceptance - acceptance);
    this.#logStep = this.#anchor - (Math.sqrt(this.#warmUps) / shrinkage) * this.#averageError;
    const share = this.#warmUps ** -forgetting;
    this.#averageLogStep = share * this.#logStep + (1 - share) * this.#averageLogStep;
  }
}

function energy(point: readonly number[], momentum: readonly number[]): number {
  return momentum.reduce((sum, speed) => sum + 0.5 * speed ** 2, -logDensity(point));
}

/** A step of this size from `from`. */
function along(from: readonly number[], direction: readonly number[], size: number): number[] {
  return from.map((value, index) => value + size * (direction[index] ?? 0));
}
