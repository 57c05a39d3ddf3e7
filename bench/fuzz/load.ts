/** Sends the conversations of a run, many at a time, and remembers which were at it when. */

import { inputsOf } from "./conversation.ts";
import { conversationOf } from "./conversation-source.ts";
import { Dialogue } from "./dialogue.ts";
import type { Surface } from "./surface.ts";

/** How many connections are open at a time, unless another number is given. */
const usualConcurrency = 64;

/** Local addresses that the clients come from, so that no limit of one address is all that is tested. */
const addresses = Array.from({ length: 16 }, (_, n) => `127.0.1.${n + 1}`);

/** How many ended conversations are remembered. */
const maxRecent = 32;

/** What the server answered to a conversation that it must not. */
export interface WrongAnswer {
  readonly conversation: number;
  readonly faults: readonly string[];
}

export class Load {
  readonly #seed: number;
  readonly #surface: Surface;
  readonly #port: number;
  readonly #concurrency: number;
  readonly #running = new Map<number, Dialogue>();
  readonly #recent: number[] = [];
  readonly wrongAnswers: WrongAnswer[] = [];
  /** Conversations without a connection. */
  unconnected = 0;
  inputs = 0;
  /** The next conversation. */
  next: number;
  #stopped = false;

  constructor(
    seed: number,
    first: number,
    surface: Surface,
    port: number,
    concurrency = usualConcurrency,
  ) {
    this.#concurrency = concurrency;
    this.#seed = seed;
    this.next = first;
    this.#surface = surface;
    this.#port = port;
  }

  /** The conversations under way. */
  get running(): readonly number[] {
    return [...this.#running.keys()];
  }

  /** The last that have ended, the newest last. */
  get recent(): readonly number[] {
    return this.#recent;
  }

  /** Sends conversations until so many inputs have been sent in all, or `stop` was called. */
  async send(inputs: number): Promise<void> {
    await this.#while(() => this.inputs < inputs);
  }

  /** Sends conversations for so long. */
  async sendFor(ms: number): Promise<void> {
    const endMs = performance.now() + ms;
    await this.#while(() => performance.now() < endMs);
  }

  async #while(goesOn: () => boolean): Promise<void> {
    const worker = async (): Promise<void> => {
      while (!this.#stopped && goesOn()) await this.#one();
    };
    await Promise.all(Array.from({ length: this.#concurrency }, worker));
  }

  /** Begins no more, and drops what is under way. */
  stop(): void {
    this.#stopped = true;
    for (const dialogue of this.#running.values()) dialogue.destroy();
  }

  async #one(): Promise<void> {
    const number = this.next++;
    const conversation = conversationOf(this.#seed, number, this.#surface);
    this.inputs += inputsOf(conversation);
    const address = addresses[number % addresses.length] ?? "127.0.0.1";
    const dialogue = new Dialogue(conversation, this.#port, address);
    this.#running.set(number, dialogue);
    const { faults, failure } = await dialogue.finish();
    this.#running.delete(number);
    this.#recent.push(number);
    if (this.#recent.length > maxRecent) this.#recent.shift();
    if (failure !== undefined) this.unconnected++;
    if (faults.length > 0) this.wrongAnswers.push({ conversation: number, faults });
  }
}
