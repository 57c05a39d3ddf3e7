/** Few samples that show the shape of many: read twice, once for their numbers and once for the texts of those that were chosen. */
import { type Log, SwitchboardError, type TurnQueue } from "../../kit/index.ts";
import { lttb } from "./lttb.ts";
import { parseSamples, type Samples } from "./sample-event.ts";
import type { Subscription } from "./subscription.ts";
import { textsOf } from "./value-list.ts";

/** A sample by its true index. */
export interface Point {
  readonly index: number;
  readonly text: string;
}

const pageEvents = 200;

/** The numbers of consecutive samples, from which some are chosen. */
export class Shape {
  readonly #name: string;
  readonly #maxSamples: number;
  readonly #numbers: number[] = [];
  #first = 0;

  /** `name`: of the variable, for the error. */
  constructor(name: string, maxSamples: number) {
    this.#name = name;
    this.#maxSamples = maxSamples;
  }

  /** How many there are. */
  get length(): number {
    return this.#numbers.length;
  }

  /** Takes the next samples. Throws `over_capacity` beyond `maxSamples` in all. */
  add({ index, text }: Samples): void {
    if (this.length === 0) this.#first = index;
    for (const value of JSON.parse(`[${text}]`) as unknown[])
      this.#numbers.push(typeof value === "number" ? value : Number.NaN);
    if (this.length <= this.#maxSamples) return;
    throw new SwitchboardError(
      "over_capacity",
      `${JSON.stringify(this.#name)} has over ${this.#maxSamples} samples to thin (services.experiments.maxThinnedSamples): ask without max_points, or for fewer samples`,
    );
  }

  /** The true indices, ascending, of at most so many. */
  choose(maxPoints: number): number[] {
    return lttb(this.#numbers, maxPoints).map((at) => this.#first + at);
  }
}

/**
 * Reads all that is stored and puts the chosen samples into the subscription's `points`, or all of them to those that wait if there are so few
 * that none has to be left out. Rejects with `over_capacity` for more than `maxSamples`.
 */
export async function thin(
  log: Log,
  subscription: Subscription,
  maxPoints: number,
  maxSamples: number,
  turns: TurnQueue,
): Promise<void> {
  const shape = new Shape(subscription.name, maxSamples);
  /** As long as there are no more than points. */
  const few: Samples[] = [];
  let lastOffset = 0;
  while (!subscription.reader.hasJoined && !subscription.ended) {
    for (const event of await subscription.reader.next()) {
      lastOffset = event.offset;
      const samples = subscription.wanted(event);
      if (samples === undefined) continue;
      await turns.take(samples.text.length);
      shape.add(samples);
      if (shape.length <= maxPoints) few.push(samples);
    }
  }
  if (shape.length <= maxPoints) {
    subscription.waiting.push(...few);
    return;
  }
  const points: Point[] = [];
  for await (const some of pointsAt(
    log,
    subscription.reader.subject,
    shape.choose(maxPoints),
    lastOffset,
  )) {
    if (subscription.ended) return;
    points.push(...some);
  }
  subscription.points = points;
}

/**
 * The samples with these indices, ascending, read from the log up to the offset `upTo`; each page of it gives one list, which may be empty. Fewer come
 * if the variable is removed meanwhile.
 */
export async function* pointsAt(
  log: Log,
  subject: string,
  indices: readonly number[],
  upTo: number,
): AsyncGenerator<Point[], void> {
  let given = 0;
  for (let after = 0, more = true; more && given < indices.length; ) {
    const page = await log.read(subject, after, { upTo, limit: pageEvents });
    const points: Point[] = [];
    for (const { data, purged } of page.events) {
      if (purged) continue;
      const { index: first, count, text } = parseSamples(data);
      let texts: readonly string[] | undefined;
      for (
        let index = indices[given];
        index !== undefined && index < first + count;
        index = indices[given]
      ) {
        texts ??= textsOf(text);
        points.push({ index, text: texts[index - first] ?? "null" });
        given++;
      }
    }
    yield points;
    after = page.events.at(-1)?.offset ?? after;
    more = page.more;
  }
}
