/** Durations as people write them. */
import { InvalidArgumentError } from "commander";

const unitsMs: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 365 * 86_400_000,
};

/** Longest duration: a hundred years. */
const maxMs = 100 * 365 * 86_400_000;

/** `30d`, `12h`, `90m` (also s, w, y) in ms; undefined for anything else, nothing, and more than a hundred years. */
export function durationMs(text: string): number | undefined {
  const [, count, unit = ""] = /^(\d{1,12})([smhdwy])$/.exec(text) ?? [];
  const ms = Number(count) * (unitsMs[unit] ?? Number.NaN);
  return ms > 0 && ms <= maxMs ? ms : undefined;
}

/** Reads a flag's duration, in ms. */
export function durationFlag(text: string): number {
  const ms = durationMs(text);
  if (ms === undefined)
    throw new InvalidArgumentError("Write a number and s, m, h, d, w or y, such as 30d.");
  return ms;
}
