/** The variables that one connection is subscribed to, and what of their samples is to be sent next. */
import {
  type Clock,
  isSwitchboardError,
  SwitchboardError,
  type Timer,
  type TurnQueue,
} from "../../kit/index.ts";
import type { ExperimentsConfig } from "./config.ts";
import { envelopeBytes, SampleFrame, type SampleMessage } from "./sample-frame.ts";
import type { SubjectReader } from "./subject-reader.ts";
import { Subscription } from "./subscription.ts";

/** What a subscriber asks for of one chain. */
export interface Wish {
  readonly chain: string;
  readonly variables: readonly string[];
  readonly since?: Readonly<Record<string, number>> | null | undefined;
  readonly max_points?: number | null | undefined;
}

/** The initial data of one subscribe message. */
export type Initial = readonly Subscription[];

export interface SampleFeedParts {
  readonly clock: Clock;
  readonly config: ExperimentsConfig;
  /** A reader that listens; `held` is called when it holds more. */
  open(
    chain: string,
    name: string,
    held: (reader: SubjectReader, bytes: number) => void,
  ): SubjectReader;
  /** It is read no more. */
  close(reader: SubjectReader): void;
  /** Chooses few points out of a subscription's stored samples. */
  thin(subscription: Subscription, maxPoints: number): Promise<void>;
  /** A subscription could not be begun. */
  refused(error: SwitchboardError): void;
  /** New samples are due. */
  due(): void;
  readonly turns: TurnQueue;
}

/** New samples wait for more until their frame is worth its envelope: when values are so many times as long. */
const worth = 25;

/** Work for one read of the log, in units of a turn queue. */
const readUnits = 1000;

/** The first samples after a pause wait only for what comes with them. */
const togetherMs = 5;

export class SampleFeed {
  readonly #parts: SampleFeedParts;
  /** By chain and name. */
  readonly #subscriptions = new Map<string, Subscription>();
  /** Of new samples that are held: their size, and that of their variables' names. */
  #heldBytes = 0;
  #heldNameBytes = 0;
  #timer: Timer | undefined;
  #isDue = false;
  #lastSentMs = Number.NEGATIVE_INFINITY;

  constructor(parts: SampleFeedParts) {
    this.#parts = parts;
  }

  /** Whether there are samples to send, due or not. */
  get isReady(): boolean {
    for (const subscription of this.#subscriptions.values()) if (subscription.isReady) return true;
    return false;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /**
   * Subscribes to what is not subscribed to yet, or is with `since`; gives those subscriptions. Throws `over_capacity`, and does
   * nothing, for more than `maxSubscriptions`.
   */
  subscribe(wishes: readonly Wish[]): Initial {
    const { config, open } = this.#parts;
    const keys = new Set(this.#subscriptions.keys());
    for (const { chain, variables } of wishes)
      for (const name of variables) keys.add(keyOf(chain, name));
    if (keys.size > config.maxSubscriptions) {
      throw new SwitchboardError(
        "over_capacity",
        `a connection may have ${config.maxSubscriptions} variables (services.experiments.maxSubscriptions)`,
      );
    }
    const subscriptions = new Set<Subscription>();
    for (const { chain, variables, since, max_points } of wishes) {
      for (const name of variables) {
        const from = since && Object.hasOwn(since, name) ? since[name] : undefined;
        const present = this.#subscriptions.get(keyOf(chain, name));
        if (present !== undefined && from === undefined) continue;
        if (present !== undefined) this.#forget(present);
        const held = (of: SubjectReader, bytes: number) =>
          this.#held(of, bytes, subscription.nameBytes);
        const reader = open(chain, name, held);
        const subscription = new Subscription({
          chain,
          name,
          reader,
          since: from ?? 0,
          maxPoints: max_points ?? undefined,
        });
        this.#subscriptions.set(keyOf(chain, name), subscription);
        subscriptions.add(subscription);
      }
    }
    return [...subscriptions].filter(({ ended }) => !ended);
  }

  unsubscribe(
    farewells: readonly { readonly chain: string; readonly variables: readonly string[] }[],
  ): void {
    for (const { chain, variables } of farewells) {
      for (const name of variables) {
        const subscription = this.#subscriptions.get(keyOf(chain, name));
        if (subscription !== undefined) this.#forget(subscription);
      }
    }
  }

  /** Forgets everything. */
  end(): void {
    this.#timer?.cancel();
    for (const subscription of [...this.#subscriptions.values()]) this.#forget(subscription);
  }

  /** A reader holds so much more: it is due when that is worth a frame, or at its time. */
  #held(reader: SubjectReader, bytes: number, nameBytes: number): void {
    this.#heldBytes += bytes;
    if (reader.heldBytes === bytes) this.#heldNameBytes += nameBytes;
    if (this.#isDue) return;
    const { clock, config, due } = this.#parts;
    if (this.#heldBytes >= worth * (envelopeBytes + this.#heldNameBytes)) {
      this.#setDue();
      due();
    } else if (this.#timer === undefined) {
      const nowMs = clock.monotonic();
      this.#timer = clock.after(
        Math.max(this.#lastSentMs + config.gatherMs - nowMs, togetherMs),
        () => {
          this.#setDue();
          due();
        },
      );
    }
  }

  /** Lets go of what is held: it will be read from the log. */
  letGo(): void {
    for (const { reader } of this.#subscriptions.values()) reader.letGo();
    this.#count();
  }

  /** The next event of initial data; undefined if there is none left. `done`: this was the last one. */
  async initial(
    subscriptions: Initial,
  ): Promise<{ readonly message: SampleMessage | undefined; readonly done: boolean }> {
    const frame = new SampleFrame();
    let done = true;
    for (const subscription of subscriptions) {
      if (!subscription.reader.hasJoined) await this.#thin(subscription);
      done =
        addPoints(frame, subscription) &&
        (await this.#fill(frame, subscription, () => !subscription.reader.hasJoined));
      if (!done) break;
    }
    this.#parts.turns.spent(frame.bytes);
    return { message: frame.message(), done };
  }

  /**
   * An event of new samples; undefined if none are due. `all`: also those that are not due. Behind the log, or behind in sending, everything
   * is due.
   */
  async fresh(all: boolean): Promise<SampleMessage | undefined> {
    const ready = [...this.#subscriptions.values()].filter((subscription) => subscription.isReady);
    if (
      ready.length === 0 ||
      !(all || this.#isDue || ready.some(({ reader }) => reader.heldBytes === 0))
    )
      return undefined;
    const frame = new SampleFrame();
    for (const subscription of ready)
      if (!(await this.#fill(frame, subscription, () => subscription.reader.isReady))) break;
    this.#parts.turns.spent(frame.bytes);
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#isDue = false;
    this.#count();
    this.#lastSentMs = this.#parts.clock.monotonic();
    return frame.message();
  }

  async #thin(subscription: Subscription): Promise<void> {
    if (subscription.maxPoints === undefined || subscription.ended) return;
    try {
      await this.#parts.thin(subscription, subscription.maxPoints);
    } catch (error) {
      if (!isSwitchboardError(error, "over_capacity")) throw error;
      this.#parts.refused(error);
      this.#forget(subscription);
    }
  }

  /** Adds samples while there are some and `isMore`. False if the frame is full. */
  async #fill(
    frame: SampleFrame,
    subscription: Subscription,
    isMore: () => boolean,
  ): Promise<boolean> {
    for (;;) {
      for (
        let [samples] = subscription.waiting;
        samples !== undefined;
        [samples] = subscription.waiting
      ) {
        if (!frame.add(subscription, samples)) return false;
        subscription.waiting.shift();
      }
      if (subscription.ended || !isMore()) return true;
      const turn = this.#parts.turns.take(readUnits);
      if (turn !== undefined) await turn;
      await subscription.advance();
    }
  }

  #setDue(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#isDue = true;
  }

  #forget(subscription: Subscription): void {
    subscription.ended = true;
    const key = keyOf(subscription.chain, subscription.name);
    if (this.#subscriptions.get(key) === subscription) this.#subscriptions.delete(key);
    this.#heldBytes -= subscription.reader.heldBytes;
    if (subscription.reader.heldBytes > 0) this.#heldNameBytes -= subscription.nameBytes;
    this.#parts.close(subscription.reader);
  }

  /** What is held by now. */
  #count(): void {
    this.#heldBytes = 0;
    this.#heldNameBytes = 0;
    for (const { reader, nameBytes } of this.#subscriptions.values()) {
      this.#heldBytes += reader.heldBytes;
      if (reader.heldBytes > 0) this.#heldNameBytes += nameBytes;
    }
  }
}

/** Adds what was chosen when thinning. False if the frame is full. */
function addPoints(frame: SampleFrame, subscription: Subscription): boolean {
  let added = 0;
  for (const { index, text } of subscription.points) {
    if (!frame.addPoint(subscription, index, text)) break;
    added++;
  }
  subscription.points = subscription.points.slice(added);
  return subscription.points.length === 0;
}

function keyOf(chain: string, name: string): string {
  return JSON.stringify([chain, name]);
}
