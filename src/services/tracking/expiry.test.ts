/** When objects that are too old are stopped. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { SwitchboardError } from "../../kit/index.ts";
import { ManualClock, settled } from "../../kit/kit.fixture.ts";
import { Expiry } from "./expiry.ts";
import type { TrackedObject } from "./object-book.ts";
import type { Objects } from "./objects.ts";

const trackingTimeoutMs = 10_000;

/** Objects as far as their age goes, and a log that may take nothing. */
class Ages {
  readonly clock = new ManualClock();
  readonly ages = new Map<number, number>();
  readonly stopped: [id: number, ageMs: number][] = [];
  isStuck = false;
  warnings = 0;
  #nextId = 1;
  readonly #expiry: Expiry;

  constructor(nodes = 1) {
    const objects = {
      all: () => Array.from(this.ages, ([id, atMs]) => ({ id, atMs }) as TrackedObject).values(),
      stop: async (id: number) => this.#stop(id),
    } as unknown as Objects;
    const silent = () => {};
    const logger = { debug: silent, info: silent, error: silent, warn: () => this.warnings++ };
    const background = (work: () => Promise<void>) => void work();
    const expiries = Array.from(
      { length: nodes },
      () => new Expiry({ clock: this.clock, logger, objects, trackingTimeoutMs, background }),
    );
    [this.#expiry] = expiries as [Expiry];
  }

  create(): void {
    this.ages.set(this.#nextId++, this.clock.now());
    this.#expiry.created();
  }

  async advance(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 100) {
      this.clock.advance(Math.min(left, 100));
      await settled();
    }
  }

  #stop(id: number): boolean {
    if (this.isStuck) throw new SwitchboardError("log_unavailable", "not now");
    const atMs = this.ages.get(id);
    if (atMs !== undefined) this.stopped.push([id, this.clock.now() - atMs]);
    return this.ages.delete(id);
  }
}

it("each object is stopped at its time, whenever it came", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(40), { maxLength: 8 }), async (gaps) => {
      const ages = new Ages();
      for (const gap of gaps) {
        await ages.advance(gap * 100);
        ages.create();
      }
      await ages.advance(trackingTimeoutMs + 100);
      expect(ages.stopped.map(([id]) => id)).toEqual(gaps.map((_, index) => index + 1));
      for (const [, ageMs] of ages.stopped) expect(ageMs).toBe(trackingTimeoutMs);
      expect(ages.clock.pending).toBe(0);
    }),
    { numRuns: 30 },
  );
});

it("while nothing can be stored it is tried again, and said", async () => {
  const ages = new Ages();
  ages.create();
  ages.isStuck = true;
  await ages.advance(trackingTimeoutMs + 3000);
  expect(ages.stopped).toEqual([]);
  expect(ages.warnings).toBeGreaterThan(2);
  ages.isStuck = false;
  await ages.advance(1000);
  expect(ages.stopped.map(([id]) => id)).toEqual([1]);
});

it("a jump of the wall clock is noticed within a minute", async () => {
  const ages = new Ages();
  ages.create();
  ages.clock.wallMs -= 1_000_000;
  await ages.advance(trackingTimeoutMs * 2);
  expect(ages.stopped).toEqual([]);
  ages.clock.wallMs += 1_100_000;
  await ages.advance(60_000);
  expect(ages.stopped.map(([id]) => id)).toEqual([1]);
});
