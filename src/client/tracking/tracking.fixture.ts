/** For tests: waiting with a deadline, and ending what was begun. */
import { afterEach } from "vitest";
import { within } from "../../../test/support/inbox.ts";
import type { Box } from "./messages/boxes-message.ts";

/** Events as they come; `next` waits for the oldest that was not taken. */
export class Arrivals<Value> {
  readonly #what: string;
  readonly #values: Value[] = [];
  #wake: () => void = () => {};

  constructor(what: string, listen: (arrive: (value: Value) => void) => unknown) {
    this.#what = what;
    listen((value) => {
      this.#values.push(value);
      this.#wake();
    });
  }

  async next(): Promise<Value> {
    const [value] = this.#values;
    if (value === undefined) {
      await within(
        new Promise<void>((resolve) => {
          this.#wake = resolve;
        }),
        this.#what,
      );
    }
    return this.#values.shift() as Value;
  }
}

/** What is handed to it is ended after the test, the newest first. */
export function endAfterEach(): (end: () => unknown) => void {
  const ends: (() => unknown)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });
  return (end) => ends.push(end);
}

/** A box as a camera sees it. */
export function box(boxId: number, more: Partial<Box> = {}): Box {
  return { boxId, rect: [0, 0.25, 0.5, 1], objectType: "person", certainty: 0.875, ...more };
}
