/** Timers that are longer than the system's. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { timers } from "./timers.ts";

const dayMs = 86_400_000;
beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it("runs after 60 days, not before", () => {
  const run = vi.fn();
  timers.after(60 * dayMs, run);
  vi.advanceTimersByTime(60 * dayMs - 1);
  expect(run).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(run).toHaveBeenCalledOnce();
});

it("can be cancelled after a month, too", () => {
  const run = vi.fn();
  const timer = timers.after(60 * dayMs, run);
  vi.advanceTimersByTime(30 * dayMs);
  timer.cancel();
  vi.advanceTimersByTime(60 * dayMs);
  expect(run).not.toHaveBeenCalled();
  expect(vi.getTimerCount()).toBe(0);
});
