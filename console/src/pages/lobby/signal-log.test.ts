import { expect, it } from "vitest";
import { maxSignals, SignalLog } from "./signal-log.ts";

it("lists the newest first, and counts refreshes only", () => {
  const log = new SignalLog();
  let told = 0;
  log.subscribe(() => told++);
  log.add("opened", "prompts", 1);
  log.add("refresh", "prompts", 2);
  expect(log.snapshot().signals.map(({ kind, atMs }) => [kind, atMs])).toEqual([
    ["refresh", 2],
    ["opened", 1],
  ]);
  expect(log.snapshot()).toMatchObject({ refreshes: 1, lastRefreshMs: 2 });
  log.add("opened", "prompts", 3);
  expect(log.snapshot()).toMatchObject({ refreshes: 1, lastRefreshMs: 2 });
  expect(told).toBe(3);
});

it("is bounded, and goes on counting", () => {
  const log = new SignalLog();
  for (let at = 0; at < maxSignals + 10; at++) log.add("refresh", "board", at);
  const { signals, refreshes } = log.snapshot();
  expect([signals.length, signals.at(-1)?.atMs, refreshes]).toEqual([
    maxSignals,
    10,
    maxSignals + 10,
  ]);
  log.clear();
  expect(log.snapshot()).toEqual({ signals: [], refreshes: 0, lastRefreshMs: undefined });
});
