/** Some values of one variable, as the log has them: a line about them, and their text. */
import type { Run } from "./rules.ts";

/** Values that follow each other. */
export interface Samples {
  /** Index of the first one, from 0. */
  readonly index: number;
  readonly count: number;
  /** The values' own texts, with commas between. */
  readonly text: string;
}

/** What is known of a variable from its last event. */
export interface VariableState {
  /** Index of the next value. */
  readonly next: number;
  /** By run, what it has stored. */
  readonly runs: Readonly<Record<string, Run>>;
}

/** By run: count, ranges, and what is open (first, last, taken). */
type PrintedRuns = Readonly<Record<string, readonly [number, Run["ranges"], ...number[]]>>;

export const emptyState: VariableState = { next: 0, runs: {} };

/** An event's data: index and count, the runs if there are any, a line feed, the values. `after` is the state with these values stored. */
export function printSamples({ index, count, text }: Samples, after: VariableState): string {
  const runs = Object.entries(after.runs).map(
    ([key, { count: stored, ranges, open }]) =>
      [
        key,
        open === undefined ? [stored, ranges] : [stored, ranges, open.first, open.last, open.taken],
      ] as const,
  );
  return `${index} ${count} ${runs.length === 0 ? "" : JSON.stringify(Object.fromEntries(runs))}\n${text}`;
}

export function parseSamples(data: string): Samples {
  const { index, count, line } = placesIn(data);
  return { index, count, text: data.slice(line + 1) };
}

/** The state after an event. */
export function stateAfter(data: string): VariableState {
  const { index, count, runsAt, line } = placesIn(data);
  const printed = runsAt === line ? {} : (JSON.parse(data.slice(runsAt, line)) as PrintedRuns);
  const runs = Object.entries(printed).map(
    ([key, [stored, ranges, first, last, taken]]): [string, Run] => {
      const isOpen = first !== undefined && last !== undefined && taken !== undefined;
      return [
        key,
        isOpen
          ? { count: stored, ranges, open: { first, last, taken } }
          : { count: stored, ranges },
      ];
    },
  );
  return { next: index + count, runs: Object.fromEntries(runs) };
}

function placesIn(data: string): {
  readonly index: number;
  readonly count: number;
  readonly runsAt: number;
  readonly line: number;
} {
  const countAt = data.indexOf(" ") + 1;
  const runsAt = data.indexOf(" ", countAt) + 1;
  const line = data.indexOf("\n", runsAt);
  return {
    index: Number(data.slice(0, countAt - 1)),
    count: Number(data.slice(countAt, runsAt - 1)),
    runsAt,
    line,
  };
}
