/** The machine's clock, and the clock whose timers end with their owner. */
import { expect, test } from "vitest";
import { type Clock, OwnedClock, systemClock } from "./clock.ts";
import { ManualClock } from "./kit.fixture.ts";

function owned() {
  const inner = new ManualClock();
  const failures: unknown[] = [];
  return { inner, failures, clock: new OwnedClock(inner, (error) => failures.push(error)) };
}

test("the machine's clock tells the time and calls once", async () => {
  expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(1000);
  const startMs = systemClock.monotonic();
  await new Promise<void>((resolve) => systemClock.after(5, resolve));
  // Timers count whole milliseconds, from a moment before.
  expect(systemClock.monotonic() - startMs).toBeGreaterThan(3);
});

test("a cancelled timer does not call; a time beyond 24 days is not taken for none", async () => {
  const called: string[] = [];
  const cancelled = systemClock.after(0, () => called.push("cancelled"));
  const far = systemClock.after(2 ** 40, () => called.push("far"));
  systemClock.after(-5, () => called.push("past"));
  cancelled.cancel();
  cancelled.cancel();
  await new Promise<void>((resolve) => systemClock.after(5, resolve));
  far.cancel();
  expect(called).toEqual(["past"]);
});

test("an owned clock passes time on, and its timers", () => {
  const { inner, clock } = owned();
  let called = 0;
  clock.after(10, () => called++);
  clock.after(10, () => called++).cancel();
  inner.advance(10);
  expect([called, clock.monotonic(), clock.now(), inner.pending]).toEqual([1, 10, inner.now(), 0]);
});

test("a timer that has called is not held on to", () => {
  const inner = new ManualClock();
  let cancelled = 0;
  const counting: Clock = {
    now: () => inner.now(),
    monotonic: () => inner.monotonic(),
    after(ms, run) {
      const timer = inner.after(ms, run);
      return {
        cancel() {
          cancelled++;
          timer.cancel();
        },
      };
    },
  };
  const clock = new OwnedClock(counting, () => {});
  clock.after(1, () => {});
  clock.after(2, () => {}).cancel();
  clock.after(3, () => {});
  inner.advance(2);
  clock.release();
  expect(cancelled).toBe(2);
});

test("release cancels what is pending, later timers call still; after end none does", () => {
  const { inner, clock } = owned();
  const called: string[] = [];
  clock.after(1, () => called.push("released"));
  clock.release();
  expect(inner.pending).toBe(0);
  clock.after(1, () => called.push("between"));
  inner.advance(1);
  clock.after(1, () => called.push("ended"));
  clock.end();
  clock.after(1, () => called.push("late")).cancel();
  expect(inner.pending).toBe(0);
  inner.advance(10);
  expect(called).toEqual(["between"]);
});

test("what a timer's call throws is told of and stops no other", () => {
  const { inner, clock, failures } = owned();
  let called = 0;
  clock.after(1, () => {
    throw new Error("in a timer");
  });
  clock.after(1, () => called++);
  inner.advance(1);
  expect(failures).toEqual([new Error("in a timer")]);
  expect(called).toBe(1);
});
