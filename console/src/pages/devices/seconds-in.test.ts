/** Seconds of a field. */
import { expect, it } from "vitest";
import { secondsIn } from "./seconds-in.ts";

it.each([
  ["", 0, undefined],
  [" 5 ", 0, 5000],
  [".25", 0, 250],
  ["0", 0, 0],
  ["0", 0.001, "wrong"],
  ["2592001", 0, "wrong"],
  ["-1", 0, "wrong"],
  ["1e3", 0, "wrong"],
  ["soon", 0, "wrong"],
] as const)("%j, at least %d: %j", (text, least, ms) => {
  expect(secondsIn(text, least)).toBe(ms);
});
