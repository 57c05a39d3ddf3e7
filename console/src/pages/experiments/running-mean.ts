/** The mean of all draws so far, after every so many of them, in bounded memory. Pure. */

/** Points that are kept, at most. */
export const maxMeans = 512;

/** Draws are added in order; one that is not finite counts as a draw, and changes no mean. */
export class RunningMean {
  #count = 0;
  #finite = 0;
  #mean = 0;
  #stride = 1;
  /** After `stride`, 2 `stride`, … draws. */
  #means: number[] = [];

  /** How many draws one point stands for: a power of two. */
  get stride(): number {
    return this.#stride;
  }

  get count(): number {
    return this.#count;
  }

  add(value: number): void {
    this.#count += 1;
    if (Number.isFinite(value)) {
      this.#finite += 1;
      this.#mean += (value - this.#mean) / this.#finite;
    }
    if (this.#count % this.#stride !== 0) return;
    this.#means.push(this.#finite === 0 ? Number.NaN : this.#mean);
    if (this.#means.length <= maxMeans) return;
    this.#means = this.#means.filter((_, at) => at % 2 === 1);
    this.#stride *= 2;
  }

  /** The means after `stride`, 2 `stride`, … draws, as far as there are so many; `stride` is a multiple of this one's. */
  every(stride: number): (number | undefined)[] {
    const step = stride / this.#stride;
    const line: (number | undefined)[] = [];
    for (let at = step - 1; at < this.#means.length; at += step) {
      const mean = this.#means[at];
      line.push(Number.isNaN(mean) ? undefined : mean);
    }
    return line;
  }
}
