/** A timeline as stays: from when to when an object was seen by a camera. */
import type { TimelineEntry } from "switchboard/client/tracking";

/** Seconds since 1970 as if the server's local time were UTC: for distances and for showing, both are the same. */
export interface Stay {
  readonly cameraId: string;
  readonly fromS: number;
  /** The second in which it was seen last: a stay of one second ends where it begins. */
  readonly toS: number;
}

/** Seconds without a sighting that do not end a stay: a camera that blinks is not two visits. */
const gapS = 3;

/** In the order of their beginning. Entries with a time of another form are left out. */
export function staysOf(timeline: readonly TimelineEntry[]): readonly Stay[] {
  const open = new Map<string, { cameraId: string; fromS: number; toS: number }>();
  const stays: { cameraId: string; fromS: number; toS: number }[] = [];
  const sightings = timeline
    .map(({ timeStamp, processorId }) => ({ cameraId: processorId, atS: secondOf(timeStamp) }))
    .filter((sighting): sighting is { cameraId: string; atS: number } => sighting.atS !== undefined)
    .sort((a, b) => a.atS - b.atS);
  for (const { cameraId, atS } of sightings) {
    const stay = open.get(cameraId);
    if (stay !== undefined && atS - stay.toS <= gapS) stay.toS = atS;
    else {
      const begun = { cameraId, fromS: atS, toS: atS };
      open.set(cameraId, begun);
      stays.push(begun);
    }
  }
  return stays;
}

function secondOf(timeStamp: string): number | undefined {
  const found = /^(\d{4})\/(\d\d)\/(\d\d) \| (\d\d):(\d\d):(\d\d)$/.exec(timeStamp);
  if (found === null) return undefined;
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = found
    .slice(1)
    .map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second) / 1000;
}

/** `23:05:09`, the server's local time. */
export function clockText(atS: number): string {
  return new Date(atS * 1000).toISOString().slice(11, 19);
}

/** "4 s", "2 min 5 s", "3 h 20 min". */
export function durationText(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

const steps = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400,
];

/** Times for an axis from `fromS` to `toS`: round ones, at most `most`. */
export function ticksOf(fromS: number, toS: number, most: number): readonly number[] {
  const span = Math.max(1, toS - fromS);
  const step =
    steps.find((seconds) => span / seconds <= most) ?? Math.ceil(span / most / 86_400) * 86_400;
  const ticks: number[] = [];
  for (let at = Math.ceil(fromS / step) * step; at <= toS; at += step) ticks.push(at);
  return ticks;
}
