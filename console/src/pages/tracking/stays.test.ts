/** Timelines as stays. */
import { expect, it } from "vitest";
import { clockText, durationText, staysOf, ticksOf } from "./stays.ts";

const seen = (processorId: string, ...seconds: number[]) =>
  seconds.map((second) => ({
    processorId,
    timeStamp: `2026/11/20 | 23:05:${String(second).padStart(2, "0")}`,
  }));

it("joins what is close together, camera by camera", () => {
  const stays = staysOf([...seen("west", 1, 2, 3, 6), ...seen("east", 5, 7), ...seen("west", 20)]);
  expect(
    stays.map(({ cameraId, fromS, toS }) => [cameraId, clockText(fromS), toS - fromS]),
  ).toEqual([
    ["west", "23:05:01", 5],
    ["east", "23:05:05", 2],
    ["west", "23:05:20", 0],
  ]);
});

it("leaves out what is no time, and needs no order", () => {
  expect(staysOf([{ processorId: "west", timeStamp: "yesterday" }])).toEqual([]);
  expect(staysOf(seen("west", 3, 1, 2))).toHaveLength(1);
});

it("has round times on its axis, never too many", () => {
  expect(ticksOf(3, 14, 6)).toEqual([4, 6, 8, 10, 12, 14]);
  for (const span of [1, 59, 3600, 86_400 * 40])
    expect(ticksOf(0, span, 5).length).toBeLessThanOrEqual(6);
});

it.each([
  [4, "4 s"],
  [125, "2 min 5 s"],
  [12_000, "3 h 20 min"],
])("%d s are %s", (seconds, text) => {
  expect(durationText(seconds)).toBe(text);
});
