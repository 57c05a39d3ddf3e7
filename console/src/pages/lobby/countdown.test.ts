import { expect, it } from "vitest";
import { countdownAt } from "./countdown.ts";

it("counts 3, 2, 1, started", () => {
  const start = { startsAtMs: 5000, inMs: 3000 };
  const at = (nowMs: number) => countdownAt(start, nowMs);
  expect([2000, 2001, 3000, 3001, 4999].map((nowMs) => at(nowMs).seconds)).toEqual([3, 3, 2, 2, 1]);
  expect(at(3500)).toEqual({ seconds: 2, done: 0.5, isOver: false });
  expect(at(5000)).toEqual({ seconds: 0, done: 1, isOver: true });
  expect(at(60_000)).toEqual({ seconds: 0, done: 1, isOver: true });
});

it("has no countdown where it started at once", () => {
  expect(countdownAt({ startsAtMs: 5000, inMs: 0 }, 5000)).toEqual({
    seconds: 0,
    done: 1,
    isOver: true,
  });
});
