/** Numbers with units. */
import { expect, it } from "vitest";
import { bytesText, durationText, millisecondsText, percentText } from "./units.ts";

it("says bytes, durations and shares as people do", () => {
  expect(
    [0, 812, 999, 1000, 4096, 99_400, 99_600, 999_600, 186_953_728, 3e12, -1].map(bytesText),
  ).toEqual([
    "0 B",
    "812 B",
    "999 B",
    "1 kB",
    "4.1 kB",
    "99 kB",
    "100 kB",
    "1 MB",
    "187 MB",
    "3 TB",
    "0 B",
  ]);
  expect([0, 59.9, 60, 3600, 12_000, 86_400 * 12 + 3600 * 4].map(durationText)).toEqual([
    "0 s",
    "59 s",
    "1 min",
    "1 h 0 min",
    "3 h 20 min",
    "12 d 4 h",
  ]);
  expect([0.84, 13.1, 142.53, 1234].map(millisecondsText)).toEqual([
    "0.8 ms",
    "13 ms",
    "143 ms",
    "1.2 s",
  ]);
  expect(percentText(0.199)).toBe("20 %");
});
