/** How often values fall where: a histogram whose range grows with what comes, in bounded memory. Pure. */

/** Bins that are kept; as many as needed for a plot to be zoomed into the bulk of a long-tailed variable. */
const maxBins = 2048;

/** Bins are powers of two wide, and begin at multiples of that: those of any two are the same, or one's are parts of the other's. */
export class ValueCounts {
  readonly #counts = new Float64Array(maxBins);
  #width = 0;
  /** The first bin is [`first` × `width`, (`first` + 1) × `width`). */
  #first = 0;
  #total = 0;

  /** How many finite values there were. */
  get total(): number {
    return this.#total;
  }

  /** Of a bin; 0 as long as there is no value. */
  get width(): number {
    return this.#width;
  }

  /** A value that is not finite is passed over. */
  add(value: number): void {
    if (!Number.isFinite(value)) return;
    if (this.#total === 0) this.#begin(value);
    this.#total += 1;
    let bin = Math.floor(value / this.#width) - this.#first;
    while (bin < 0 || bin >= maxBins) {
      this.#makeRoom(value);
      bin = Math.floor(value / this.#width) - this.#first;
    }
    this.#counts[bin] = (this.#counts[bin] ?? 0) + 1;
  }

  /** Every bin that is not empty, ascending: where it begins, and how many values are in it. */
  *bins(): Generator<readonly [begin: number, count: number], void> {
    for (const [bin, count] of this.#counts.entries())
      if (count > 0) yield [(this.#first + bin) * this.#width, count];
  }

  /** Fine enough that the next values, if they are of this one's size, fit in. */
  #begin(value: number): void {
    const size = Math.max(Math.abs(value), 2 ** -900);
    this.#width = 2 ** (Math.floor(Math.log2(size)) - 30);
    this.#first = Math.floor(value / this.#width) - maxBins / 2;
  }

  /** Moves the bins if `value` fits beside what is there; else makes each twice as wide. */
  #makeRoom(value: number): void {
    const used = [...this.#counts.entries()]
      .filter(([, count]) => count > 0)
      .map(([bin, count]) => [this.#first + bin, count] as const);
    const place = Math.floor(value / this.#width);
    const least = Math.min(place, used[0]?.[0] ?? place);
    const span = Math.max(place, used.at(-1)?.[0] ?? place) - least;
    const fits = span < maxBins;
    const factor = fits ? 1 : 2;
    this.#width *= factor;
    this.#first = fits
      ? least - Math.floor((maxBins - 1 - span) / 2)
      : Math.floor((used[0]?.[0] ?? 0) / factor);
    this.#counts.fill(0);
    for (const [at, count] of used) {
      const bin = Math.floor(at / factor) - this.#first;
      this.#counts[bin] = (this.#counts[bin] ?? 0) + count;
    }
  }
}
