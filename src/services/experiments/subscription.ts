/** One variable that a connection is subscribed to, and how much of it has been sent. */
import type { LogEvent } from "../../kit/index.ts";
import { parseSamples, type Samples } from "./sample-event.ts";
import type { SubjectReader } from "./subject-reader.ts";
import type { Point } from "./thinning.ts";
import { textsOf } from "./value-list.ts";

export interface SubscriptionParts {
  readonly chain: string;
  readonly name: string;
  readonly reader: SubjectReader;
  /** Samples before this index are not wanted. */
  readonly since: number;
  /** Most points of initial data, if it is to be thinned. */
  readonly maxPoints: number | undefined;
}

export class Subscription {
  readonly chain: string;
  readonly name: string;
  readonly reader: SubjectReader;
  readonly maxPoints: number | undefined;
  readonly since: number;
  /** True once it is forgotten: nothing of it is sent any more. */
  ended = false;
  /** Taken from the reader, and not yet sent. */
  readonly waiting: Samples[] = [];
  /** Of thinned initial data: what is not yet sent. */
  points: readonly Point[] = [];
  /** What its names cost in a frame, beside the values: at most. */
  readonly nameBytes: number;
  #next: number;

  constructor({ chain, name, reader, since, maxPoints }: SubscriptionParts) {
    this.chain = chain;
    this.name = name;
    this.reader = reader;
    this.maxPoints = maxPoints;
    this.since = since;
    this.nameBytes =
      Buffer.byteLength(JSON.stringify(chain)) + 3 * Buffer.byteLength(JSON.stringify(name)) + 64;
    this.#next = since;
  }

  get isReady(): boolean {
    return !this.ended && (this.waiting.length > 0 || this.reader.isReady);
  }

  /** Bytes of new samples that wait to be sent. */
  get heldBytes(): number {
    return this.reader.heldBytes;
  }

  /** Puts the samples of the next events, as far as they are wanted, to those that wait. */
  async advance(): Promise<void> {
    for (const event of await this.reader.next()) {
      const samples = this.wanted(event);
      if (samples !== undefined) this.waiting.push(samples);
    }
  }

  /** The samples of an event that were not had before; from here on they count as had. */
  wanted({ data }: LogEvent): Samples | undefined {
    const samples = parseSamples(data);
    const end = samples.index + samples.count;
    if (end <= this.#next) return undefined;
    const skipped = this.#next - samples.index;
    this.#next = end;
    if (skipped <= 0) return samples;
    const text = textsOf(samples.text).slice(skipped).join(",");
    return { index: samples.index + skipped, count: samples.count - skipped, text };
  }
}
