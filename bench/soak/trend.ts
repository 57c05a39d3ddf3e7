/** Whether figures that are read again and again while the same goes on have grown. */

/** One reading, at rest. */
export interface Reading {
  readonly minute: number;
  readonly heapUsedBytes: number;
  readonly rssBytes: number;
  readonly externalBytes: number;
  readonly descriptors: number;
  /** Timers and sockets that keep the event loop alive. */
  readonly handles: number;
  readonly timers: number;
  readonly connections: number;
  /** Entries of all maps and sets. */
  readonly entries: number;
  /** Objects by the name of their constructor. */
  readonly objects: Readonly<Record<string, number>>;
}

/** By how much a figure may grow: a share of what it was, and this much besides. */
interface Tolerance {
  readonly share: number;
  readonly amount: number;
}

type Figure = Exclude<keyof Reading, "minute" | "objects">;

const tolerances: Readonly<Record<Figure, Tolerance>> = {
  heapUsedBytes: { share: 0.1, amount: 4 << 20 },
  // The allocator keeps pages that the heap has given back.
  rssBytes: { share: 0.25, amount: 64 << 20 },
  externalBytes: { share: 0.1, amount: 8 << 20 },
  // Of them are connections that the bench itself keeps alive; what leaks with the churn are hundreds.
  descriptors: { share: 0, amount: 16 },
  handles: { share: 0, amount: 16 },
  timers: { share: 0, amount: 8 },
  connections: { share: 0, amount: 0 },
  entries: { share: 0.1, amount: 2000 },
};

/** A constructor with fewer objects than this is not looked at. */
const leastObjects = 500;

export interface Growth {
  readonly what: string;
  readonly from: number;
  readonly to: number;
  readonly grown: boolean;
}

/**
 * Compares the first reading (taken after the warm-up) with the lower of the last two: a single
 * high reading is no trend. Throws without three readings.
 */
export function growths(readings: readonly Reading[]): readonly Growth[] {
  const [first] = readings;
  const [last, lastButOne] = readings.toReversed();
  if (first === undefined || last === undefined || lastButOne === undefined || readings.length < 3)
    throw new Error(`${readings.length} readings are too few: let it run for longer`);
  const figures = (Object.keys(tolerances) as Figure[]).map((what): Growth => {
    const from = first[what];
    const to = Math.min(last[what], lastButOne[what]);
    const { share, amount } = tolerances[what];
    return { what, from, to, grown: to > from + Math.max(from * share, amount) };
  });
  return [...figures, ...growingObjects(readings)];
}

/** Constructors of which there are more at each reading than at the one before, and a quarter more in all. */
function growingObjects(readings: readonly Reading[]): readonly Growth[] {
  const last = readings.at(-1);
  return Object.entries(last?.objects ?? {})
    .filter(([, count]) => count >= leastObjects)
    .map(([name]) => ({ name, counts: readings.map(({ objects }) => objects[name] ?? 0) }))
    .filter(({ counts }) => counts.every((count, n) => n === 0 || count > (counts[n - 1] ?? 0)))
    .map(({ name, counts }) => ({ name, from: counts[0] ?? 0, to: counts.at(-1) ?? 0 }))
    .filter(({ from, to }) => to > from * 1.25)
    .map(({ name, from, to }) => ({ what: `objects of ${name}`, from, to, grown: true }));
}
