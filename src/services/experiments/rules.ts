/** Which samples of a post are new: publishers send again what they have sent before. Pure. */
import type { Span } from "./value-list.ts";

/** The iterations that a post's lists are said to hold, both included. */
export interface Bounds {
  readonly first: number;
  readonly last: number;
}

/** What is stored of one variable by one run. */
export interface Run {
  /** Values stored. */
  readonly count: number;
  /** The iterations they are of: in order, neither touching nor overlapping. */
  readonly ranges: readonly (readonly [first: number, last: number])[];
  /** A list that does not have one value for each iteration, of which the first `taken` values are stored or were before it. */
  readonly open?: Bounds & { readonly taken: number };
}

/** Holes between stored iterations that are remembered; beyond it the oldest counts as stored. */
const maxRanges = 16;

const nothing: Run = { count: 0, ranges: [] };

/**
 * The parts of a list that are not stored yet, in order.
 *
 * A list with one value for each iteration of its bounds is compared with the stored iterations one by one, so that a post that came
 * late, or is there in part, is completed wherever it belongs. For any other list (of a variable that appeared late, or is not sampled in each
 * iteration) the place of a value is not known. Then, if the post begins where the stored ones begin, it holds everything since:
 * as many values as are stored are passed over. If it begins later, but not behind the last stored iteration, one is passed over for each
 * iteration that overlaps.
 */
export function newSpans(run: Run | undefined, bounds: Bounds, length: number): readonly Span[] {
  if (length === 0) return [];
  if (run === undefined) return [{ from: 0, to: length }];
  if (length === bounds.last - bounds.first + 1) return unstored(run, bounds);
  const from = Math.max(0, Math.min(length, passedOver(run, bounds)));
  return from === length ? [] : [{ from, to: length }];
}

/** The run once the values of `span`, out of what `newSpans` gave, are stored as well. Spans of one list come in order. */
export function afterStoring(run: Run = nothing, bounds: Bounds, length: number, span: Span): Run {
  const count = run.count + span.to - span.from;
  const open = run.open === undefined ? {} : { open: run.open };
  if (length === bounds.last - bounds.first + 1) {
    return {
      count,
      ranges: joined(run.ranges, bounds.first + span.from, bounds.first + span.to - 1),
      ...open,
    };
  }
  if (span.to < length) return { count, ranges: run.ranges, open: { ...bounds, taken: span.to } };
  return { count, ranges: joined(run.ranges, bounds.first, bounds.last) };
}

function unstored({ ranges }: Run, { first, last }: Bounds): readonly Span[] {
  const spans: Span[] = [];
  let next = first;
  for (const [from, to] of ranges) {
    if (to < next) continue;
    if (from > last) break;
    if (from > next) spans.push({ from: next - first, to: from - first });
    next = to + 1;
  }
  if (next <= last) spans.push({ from: next - first, to: last - first + 1 });
  return spans;
}

function passedOver({ count, ranges, open }: Run, { first, last }: Bounds): number {
  if (open !== undefined && open.first === first && open.last === last) return open.taken;
  const lowest = Math.min(
    ranges[0]?.[0] ?? Number.POSITIVE_INFINITY,
    open?.first ?? Number.POSITIVE_INFINITY,
  );
  const highest = ranges.at(-1)?.[1] ?? Number.NEGATIVE_INFINITY;
  if (first === lowest) return count;
  return first > highest ? 0 : highest - first + 1;
}

/** The ranges with another one put in. */
function joined(ranges: Run["ranges"], first: number, last: number): Run["ranges"] {
  const before = ranges.filter(([, to]) => to < first - 1);
  const after = ranges.filter(([from]) => from > last + 1);
  const touching = ranges.slice(before.length, ranges.length - after.length);
  const from = Math.min(first, touching[0]?.[0] ?? first);
  const to = Math.max(last, touching.at(-1)?.[1] ?? last);
  const all: (readonly [number, number])[] = [...before, [from, to], ...after];
  const [lowest, next] = all;
  return all.length > maxRanges && lowest !== undefined && next !== undefined
    ? [[lowest[0], next[1]], ...all.slice(2)]
    : all;
}
