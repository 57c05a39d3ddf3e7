/** Durations as people write them. */
import { expect, test } from "vitest";
import { durationMs } from "./duration.ts";

test.each([
  ["1s", 1000],
  ["90m", 5_400_000],
  ["12h", 43_200_000],
  ["30d", 2_592_000_000],
  ["2w", 1_209_600_000],
  ["100y", 100 * 365 * 86_400_000],
])("%s is %d ms", (text, ms) => {
  expect(durationMs(text)).toBe(ms);
});

test.each([
  "",
  "30",
  "d",
  "0d",
  "-1d",
  "1.5h",
  "1 d",
  "30D",
  "1e3s",
  "101y",
  "999999999999y",
  "1d2h",
])("%j is no duration", (text) => {
  expect(durationMs(text)).toBeUndefined();
});
