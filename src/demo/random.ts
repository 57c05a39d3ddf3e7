/** Random numbers from a seed, so that a run can be had again. */

/** One stream of numbers. The same seed and name give the same stream, whatever others draw. */
export class Random {
  readonly #seed: string;
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;
  #spare: number | undefined;

  constructor(seed: string) {
    this.#seed = seed;
    this.#a = hash(`${seed} a`);
    this.#b = hash(`${seed} b`);
    this.#c = hash(`${seed} c`);
    // The first numbers still look like the seed.
    for (let skipped = 0; skipped < 15; skipped++) this.next();
  }

  /** A stream of its own, for a part that draws at its own pace. */
  for(name: string): Random {
    return new Random(`${this.#seed}/${name}`);
  }

  /** Evenly from 0 to below 1 (the generator sfc32, 32 bits of it). */
  next(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  }

  /** Evenly between two bounds. */
  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  /** A whole number from 0 to below `count`. */
  below(count: number): number {
    return Math.floor(this.next() * count);
  }

  /** True this often, of 1. */
  chance(share: number): boolean {
    return this.next() < share;
  }

  /** Any one of them; throws a RangeError where there is none. */
  pick<T>(of: readonly T[]): T {
    if (of.length === 0) throw new RangeError("nothing to pick from");
    return of[this.below(of.length)] as T;
  }

  /** Normal with mean 0 and standard deviation 1 (Marsaglia's polar method). */
  normal(): number {
    if (this.#spare !== undefined) {
      const spare = this.#spare;
      this.#spare = undefined;
      return spare;
    }
    for (;;) {
      const x = this.between(-1, 1);
      const y = this.between(-1, 1);
      const square = x * x + y * y;
      if (square >= 1 || square === 0) continue;
      const scale = Math.sqrt((-2 * Math.log(square)) / square);
      this.#spare = y * scale;
      return x * scale;
    }
  }
}

/** FNV-1a, then mixed until every bit depends on every other. */
function hash(text: string): number {
  let mixed = 0x811c9dc5;
  for (let at = 0; at < text.length; at++)
    mixed = Math.imul(mixed ^ text.charCodeAt(at), 0x01000193);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) | 0;
}
