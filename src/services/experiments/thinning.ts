/** The initial samples of a subscription that asked for few points: read twice, once for their shape and once for their texts. */
import { type Log, SwitchboardError } from "../../kit/index.ts";
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

/**
 * Reads all that is stored and puts the chosen samples into the subscription's `points`, or all of them to those that wait if there are so few
 * that none has to be left out. Rejects with `over_capacity` for more than `maxSamples`.
 */
export async function thin(log: Log, subscription: Subscription, maxPoints: number, maxSamples: number): Promise<void> {
  const values: number[] = [];
  /** As long as there are no more than points. */
  const few: Samples[] = [];
  let first = 0;
  let lastOffset = 0;
  while (!subscription.reader.hasJoined && !subscription.ended) {
    for (const event of await subscription.reader.next()) {
      lastOffset = event.offset;
      const samples = subscription.wanted(event);
      if (samples === undefined) continue;
      if (values.length === 0) first = samples.index;
      for (const value of JSON.parse(`[${samples.text}]`) as unknown[]) values.push(typeof value === "number" ? value : Number.NaN);
      if (values.length <= maxPoints) few.push(samples);
      if (values.length > maxSamples) {
        throw new SwitchboardError(
          "over_capacity",
          `${JSON.stringify(subscription.name)} has over ${maxSamples} samples to thin (services.experiments.maxThinnedSamples): subscribe without max_points`,
        );
      }
    }
  }
  if (values.length <= maxPoints) {
    subscription.waiting.push(...few);
    return;
  }
  const chosen = lttb(values, maxPoints).map((at) => first + at);
  subscription.points = await textsAt(log, subscription, chosen, lastOffset);
}

async function textsAt(log: Log, subscription: Subscription, chosen: readonly number[], upTo: number): Promise<Point[]> {
  const points: Point[] = [];
  for (let after = 0, more = true; more && !subscription.ended; ) {
    const page = await log.read(subscription.reader.subject, after, { upTo, limit: pageEvents });
    for (const { data, purged } of page.events) {
      if (purged) continue;
      const samples = parseSamples(data);
      let texts: readonly string[] | undefined;
      for (let index = chosen[points.length]; index !== undefined && index < samples.index + samples.count; index = chosen[points.length]) {
        texts ??= textsOf(samples.text);
        points.push({ index, text: texts[index - samples.index] ?? "null" });
      }
    }
    after = page.events.at(-1)?.offset ?? after;
    more = page.more;
  }
  return points;
}
