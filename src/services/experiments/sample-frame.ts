/** One `experiment:event` on its way to a subscriber: gathers samples until it is as long as a frame may be. */
import { RawJson } from "../../kit/index.ts";
import type { Samples } from "./sample-event.ts";
import type { Subscription } from "./subscription.ts";

/** Longest frame. Libraries in use refuse twice that. */
export const maxFrameBytes = 512 << 10;

/** Around everything: `{"message":{"action":"experiment:event","data":[…]}}`. */
export const envelopeBytes = 64;

/** The payload of an `experiment:event`. */
export interface SampleMessage {
  readonly data: {
    readonly chain: string;
    readonly data: Record<string, RawJson>;
    readonly from: Record<string, number>;
    readonly at?: Record<string, number[]>;
  }[];
}

interface Part {
  readonly from: number;
  readonly texts: string[];
  /** Of thinned samples. */
  at: number[] | undefined;
}

export class SampleFrame {
  readonly #parts = new Map<Subscription, Part>();
  #bytes = envelopeBytes;

  /** About how long it is. */
  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#parts.size === 0;
  }

  /** Adds samples behind those that are there of the same variable. False, and nothing is added, if they do not fit; into an empty frame anything does. */
  add(subscription: Subscription, { index, text }: Samples): boolean {
    return this.#add(subscription, index, text, undefined);
  }

  /** The same for a sample out of thinned ones. */
  addPoint(subscription: Subscription, index: number, text: string): boolean {
    return this.#add(subscription, index, text, index);
  }

  /** The message, without what has been unsubscribed from meanwhile; undefined if nothing is left. */
  message(): SampleMessage | undefined {
    const byChain = new Map<string, [name: string, part: Part][]>();
    for (const [{ chain, name, ended }, part] of this.#parts) {
      if (ended) continue;
      const of = byChain.get(chain);
      if (of === undefined) byChain.set(chain, [[name, part]]);
      else of.push([name, part]);
    }
    if (byChain.size === 0) return undefined;
    const data = Array.from(byChain, ([chain, parts]) => {
      const thinned = parts.flatMap(([name, { at }]) =>
        at === undefined ? [] : [[name, at] as const],
      );
      return {
        chain,
        data: Object.fromEntries(
          parts.map(([name, { texts }]) => [name, new RawJson(`[${texts.join(",")}]`)]),
        ),
        from: Object.fromEntries(parts.map(([name, { from }]) => [name, from])),
        ...(thinned.length === 0 ? {} : { at: Object.fromEntries(thinned) }),
      };
    });
    return { data };
  }

  #add(
    subscription: Subscription,
    index: number,
    text: string,
    point: number | undefined,
  ): boolean {
    const part = this.#parts.get(subscription);
    const bytes =
      Buffer.byteLength(text) +
      1 +
      (point === undefined ? 0 : 1 + String(point).length) +
      (part === undefined ? subscription.nameBytes : 0);
    if (this.#bytes + bytes > maxFrameBytes && !this.isEmpty) return false;
    this.#bytes += bytes;
    if (part === undefined) {
      this.#parts.set(subscription, {
        from: index,
        texts: [text],
        at: point === undefined ? undefined : [point],
      });
    } else {
      part.texts.push(text);
      if (point !== undefined) part.at?.push(point);
    }
    return true;
  }
}
