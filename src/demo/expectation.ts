/** What a client must see, and what became of it. */
import type { Clock } from "../kit/index.ts";
import { Changes } from "./changes.ts";

/** How many keys that were seen are remembered, to notice one that comes twice. */
const maxRemembered = 10_000;

/** How many different faults are kept; further ones are counted only. */
const maxFaults = 5;

/**
 * The messages that one client must get, by a key of the caller's: each exactly once. A message may come before it is known to be due. One that
 * is never due is somebody else's (a visitor's, who tries the demo by hand) and no fault.
 */
export class Expectation {
  readonly #what: string;
  readonly #changes: Changes;
  readonly #due = new Set<string>();
  readonly #early = new Set<string>();
  readonly #met = new Set<string>();
  readonly #faults: string[] = [];
  #furtherFaults = 0;
  #count = 0;

  /** `what` is expected, in the plural: "starts". */
  constructor(what: string, clock: Clock) {
    this.#what = what;
    this.#changes = new Changes(clock);
  }

  /** How many of the due were seen. */
  get met(): number {
    return this.#count;
  }

  /** How many are due and were not seen yet. */
  get open(): number {
    return this.#due.size;
  }

  /** Whether this is due, and was not seen yet. */
  isDue(key: string): boolean {
    return this.#due.has(key);
  }

  /** This must be seen, once. */
  due(key: string): void {
    if (this.#early.delete(key)) this.#meet(key);
    else this.#due.add(key);
  }

  /** This is no longer due: nobody can say any more whether it has to come. */
  waive(key: string): void {
    this.#due.delete(key);
    this.#changes.notify();
  }

  /** This was seen. */
  seen(key: string): void {
    if (this.#met.has(key)) this.fault(`${key} came twice`);
    else if (this.#due.delete(key)) this.#meet(key);
    else remember(this.#early, key);
  }

  /** Something was seen that must never be. */
  fault(what: string): void {
    if (this.#faults.length < maxFaults) this.#faults.push(what);
    else this.#furtherFaults++;
  }

  /** Resolves as soon as nothing is due any more, or at the deadline. */
  async settled(deadlineMs: number): Promise<void> {
    await this.#changes.until(() => this.#due.size === 0, deadlineMs);
  }

  /** What was missed, in words for people; empty if all is well. */
  missed(): readonly string[] {
    const [first] = this.#due;
    return [
      ...(first === undefined
        ? []
        : [
            `${this.#due.size} of ${this.#due.size + this.#count} ${this.#what} missed, such as ${first}`,
          ]),
      ...this.#faults,
      ...(this.#furtherFaults === 0 ? [] : [`and ${this.#furtherFaults} more faults`]),
    ];
  }

  #meet(key: string): void {
    this.#count++;
    remember(this.#met, key);
    this.#changes.notify();
  }
}

/** Adds to a set that forgets its oldest. */
function remember(keys: Set<string>, key: string): void {
  keys.add(key);
  if (keys.size <= maxRemembered) return;
  const [oldest] = keys;
  if (oldest !== undefined) keys.delete(oldest);
}
