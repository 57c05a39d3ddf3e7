/** What a histogram and a running mean need of every draw of one variable: loaded once, then kept up to date. */
import { Changes } from "./changes.ts";
import { RunningMean } from "./running-mean.ts";
import { ValueCounts } from "./value-counts.ts";

/** One chain, up to some draw. */
export interface ChainDraws {
  readonly mean: RunningMean;
  readonly counts: ValueCounts;
}

export interface AllDrawsParts {
  chains(): readonly string[];
  /** All draws from an index on, in order, some at a time. */
  load(chain: string, from: number, signal: AbortSignal): AsyncIterable<readonly number[]>;
}

/**
 * Thinned draws would lie about how values are spread, so every draw is read, but none is kept: memory is bounded. Nothing is loaded before
 * `start`, and nothing after `stop`, from where it goes on later.
 */
export class AllDraws {
  readonly changes = new Changes();
  readonly #parts: AllDrawsParts;
  readonly #chains = new Map<string, ChainDraws>();
  /** Behind the last draw that is known to exist, by chain. */
  readonly #ends = new Map<string, number>();
  /** While started. */
  #loading: AbortController | undefined;
  /** What `#loading` was when catching up began; undefined when nothing is being loaded. */
  #catchingUp: AbortController | undefined;
  #error: Error | undefined;

  constructor(parts: AllDrawsParts) {
    this.#parts = parts;
  }

  /** What kept the draws from being loaded. */
  get error(): Error | undefined {
    return this.#error;
  }

  /** Draws of all chains: how many have been read, and how many are known to exist. */
  get progress(): { readonly read: number; readonly all: number } {
    let read = 0;
    let all = 0;
    for (const chain of this.#parts.chains()) {
      read += this.of(chain).mean.count;
      all += Math.max(this.#ends.get(chain) ?? 0, this.of(chain).mean.count);
    }
    return { read, all };
  }

  /** Of one chain what has been read so far. */
  of(chain: string): ChainDraws {
    const known = this.#chains.get(chain);
    if (known !== undefined) return known;
    const made = { mean: new RunningMean(), counts: new ValueCounts() };
    this.#chains.set(chain, made);
    return made;
  }

  /** Takes draws as they come; those that do not go on where reading has come to are loaded instead. */
  add(chain: string, from: number, values: readonly unknown[], at?: readonly number[]): void {
    const end = at === undefined ? from + values.length : (at.at(-1) ?? 0) + 1;
    this.#ends.set(chain, Math.max(end, this.#ends.get(chain) ?? 0));
    if (this.#loading === undefined) return;
    if (at === undefined) this.#take(chain, from, values);
    void this.#catchUp();
  }

  /** Loads what is missing, and takes what comes. */
  start(): void {
    this.#loading ??= new AbortController();
    this.#error = undefined;
    this.changes.notify();
    void this.#catchUp();
  }

  stop(): void {
    this.#loading?.abort();
    this.#loading = undefined;
  }

  /** The draws so far were another run's. */
  clear(): void {
    const runs = this.#loading !== undefined;
    this.stop();
    this.#chains.clear();
    this.#ends.clear();
    this.#catchingUp = undefined;
    if (runs) this.start();
  }

  /** One at a time; each turn reads what one chain lacks. */
  async #catchUp(): Promise<void> {
    const loading = this.#loading;
    if (loading === undefined || this.#catchingUp === loading || this.#error !== undefined) return;
    this.#catchingUp = loading;
    try {
      for (let chain = this.#lacking(); chain !== undefined; chain = this.#lacking()) {
        const begin = this.of(chain).mean.count;
        let from = begin;
        for await (const values of this.#parts.load(chain, begin, loading.signal)) {
          if (this.#loading !== loading) return;
          this.#take(chain, from, values);
          from += values.length;
        }
        if (from === begin)
          throw new Error(`The server has no draws of ${chain} from ${begin} on.`);
      }
    } catch (error) {
      if (this.#loading !== loading) return;
      this.#error = error instanceof Error ? error : new Error(String(error));
      this.changes.notify();
    } finally {
      if (this.#catchingUp === loading) this.#catchingUp = undefined;
    }
  }

  #lacking(): string | undefined {
    return this.#parts
      .chains()
      .find((chain) => this.of(chain).mean.count < (this.#ends.get(chain) ?? 0));
  }

  /** Those that are not read yet, if they go on where reading has come to. */
  #take(chain: string, from: number, values: readonly unknown[]): void {
    const { mean, counts } = this.of(chain);
    if (from > mean.count || from + values.length <= mean.count) return;
    for (const value of values.slice(mean.count - from)) {
      const number = typeof value === "number" ? value : Number.NaN;
      mean.add(number);
      counts.add(number);
    }
    this.changes.notify();
  }
}
