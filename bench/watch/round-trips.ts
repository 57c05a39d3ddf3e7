/** A bystander's round trips: one at a time, each with a deadline, all of them timed. */
import { setTimeout as wait } from "node:timers/promises";
import { percentile } from "../statistics.ts";

/** A round trip that takes longer counts as missed. Far away: the machine may be busy. */
const deadlineMs = 30_000;

/** What a bystander tells of a phase. */
export interface BystanderReport {
  readonly name: string;
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** What it missed or lost. */
  readonly faults: readonly string[];
}

/** One client or more of a service that behave well. */
export interface Bystander {
  readonly name: string;
  /** Between the end of a round trip and the begin of the next. */
  readonly pauseMs: number;
  /** Connects. `lost` is to be called when a connection has gone that should be there. */
  open(lost: (why: string) => void): Promise<void>;
  /** One round trip; rejects if the answer is wrong. */
  once(): Promise<void>;
  close(): Promise<void> | void;
}

export class RoundTrips {
  readonly #bystander: Bystander;
  #latenciesMs: number[] = [];
  #faults: string[] = [];
  #ending = false;
  #whenDone: Promise<void> = Promise.resolve();

  constructor(bystander: Bystander) {
    this.#bystander = bystander;
  }

  async start(): Promise<void> {
    await this.#bystander.open((why) => {
      if (!this.#ending) this.#fault(why);
    });
    this.#whenDone = this.#run();
  }

  /** What happened since the last report. */
  report(): BystanderReport {
    const latencies = this.#latenciesMs;
    const faults = this.#faults;
    this.#latenciesMs = [];
    this.#faults = [];
    return {
      name: this.#bystander.name,
      count: latencies.length,
      p50Ms: percentile(latencies, 0.5),
      p99Ms: percentile(latencies, 0.99),
      maxMs: Math.max(0, ...latencies),
      faults,
    };
  }

  /** Finishes the round trip under way, and leaves. */
  async stop(): Promise<void> {
    this.#ending = true;
    await this.#whenDone;
    await this.#bystander.close();
  }

  async #run(): Promise<void> {
    const { name, pauseMs } = this.#bystander;
    while (!this.#ending) {
      const begin = performance.now();
      const missed = new AbortController();
      try {
        await Promise.race([
          this.#bystander.once(),
          wait(deadlineMs, undefined, { signal: missed.signal }).then(() => {
            throw new Error(`no answer within ${deadlineMs} ms`);
          }),
        ]);
        this.#latenciesMs.push(performance.now() - begin);
      } catch (error) {
        this.#fault(`${name}: ${error instanceof Error ? error.message : String(error)}`);
        // The connection may be gone for good: no fault is told a thousand times.
        await wait(500);
      } finally {
        missed.abort();
      }
      await wait(pauseMs);
    }
  }

  #fault(text: string): void {
    if (this.#faults.length < 20) this.#faults.push(text);
  }
}
