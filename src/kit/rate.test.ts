/** The token bucket. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { ManualClock } from "./kit.fixture.ts";
import { Rate } from "./rate.ts";

test("lets a burst of two seconds' worth through at once, then so many a second", () => {
  const clock = new ManualClock();
  const rate = new Rate(5, clock);
  const takeAll = () => {
    let taken = 0;
    while (rate.take()) taken++;
    return taken;
  };
  expect(takeAll()).toBe(10);
  clock.advance(999);
  expect(takeAll()).toBe(4);
  clock.advance(1);
  expect(takeAll()).toBe(1);
  clock.advance(60_000);
  expect(takeAll()).toBe(10);
});

test("less than one every two seconds: bursts of one", () => {
  const clock = new ManualClock();
  const rate = new Rate(0.1, clock);
  expect([rate.take(), rate.take()]).toEqual([true, false]);
  clock.advance(9_999);
  expect(rate.take()).toBe(false);
  clock.advance(1);
  expect([rate.take(), rate.take()]).toEqual([true, false]);
});

test("is full until something is taken, and again when that has been made up for", () => {
  const clock = new ManualClock();
  const rate = new Rate(2, clock);
  expect(rate.full).toBe(true);
  rate.take();
  expect(rate.full).toBe(false);
  clock.advance(499);
  expect(rate.full).toBe(false);
  clock.advance(1);
  expect(rate.full).toBe(true);
});

test("never lets more through than the burst and the rate together", () => {
  const steps = fc.array(
    fc.record({ waitMs: fc.integer({ min: 0, max: 3000 }), wish: fc.integer({ min: 0, max: 30 }) }),
    {
      maxLength: 40,
    },
  );
  fc.assert(
    fc.property(fc.double({ min: 0.1, max: 50, noNaN: true }), steps, (perSecond, all) => {
      const clock = new ManualClock();
      const rate = new Rate(perSecond, clock);
      let taken = 0;
      for (const { waitMs, wish } of all) {
        clock.advance(waitMs);
        for (let n = 0; n < wish; n++) if (rate.take()) taken++;
      }
      expect(taken).toBeLessThanOrEqual(
        Math.max(1, 2 * perSecond) + (perSecond * clock.monotonic()) / 1000 + 1e-6,
      );
    }),
  );
});
