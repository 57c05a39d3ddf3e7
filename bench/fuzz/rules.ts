/** The rules of a fuzz run and their bounds. */

export const bounds = {
  /** How long one conversation may hold the event loop. A busy machine is slow: the aim is 50 ms. */
  holdMs: 1000,
  /** Of GET /healthz, over the whole run … */
  healthP99Ms: 500,
  /** … or so many times what it was without a load, on a machine that is busy with other things. */
  healthRatio: 5,
  peakBytes: 1 << 30,
  /** How much the heap may have grown after garbage collection: this share, and never less than … */
  heapShare: 0.1,
  /** … this many bytes, since code that runs for the first time is compiled into the heap. */
  heapBytes: 6 << 20,
  /** Connections that the bench itself keeps alive; what leaks with the inputs are hundreds. */
  descriptors: 16,
  /** Timers, sockets and other things that keep the event loop alive. */
  handles: 16,
} as const;

export interface Verdict {
  readonly rule: string;
  readonly held: boolean;
  /** The figure. */
  readonly detail: string;
}

/** What is compared at the begin (after the warm-up) and at the end of a run. */
export interface Levels {
  readonly heapUsedBytes: number;
  readonly descriptors: number;
  /** What keeps the event loop alive, by kind. */
  readonly handles: Readonly<Record<string, number>>;
  readonly connections: number;
}

const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

const sum = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((total, count) => total + count, 0);

const listed = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([kind, count]) => `${count} ${kind}`)
    .join(", ");

/** Whether everything is back to where it was. */
export function levelVerdicts(before: Levels, after: Levels): readonly Verdict[] {
  const mayGrow = Math.max(before.heapUsedBytes * bounds.heapShare, bounds.heapBytes);
  return [
    {
      rule: "the heap after garbage collection is back within 10 %",
      held: after.heapUsedBytes <= before.heapUsedBytes + mayGrow,
      detail: `${mb(before.heapUsedBytes)} → ${mb(after.heapUsedBytes)}`,
    },
    {
      rule: "open descriptors are back",
      held: after.descriptors <= before.descriptors + bounds.descriptors,
      detail: `${before.descriptors} → ${after.descriptors}`,
    },
    {
      rule: "handles are back",
      held: sum(after.handles) <= sum(before.handles) + bounds.handles,
      detail: `${listed(before.handles)} → ${listed(after.handles)}`,
    },
    {
      rule: "no connection is left but the bystanders'",
      held: after.connections <= before.connections,
      detail: `${before.connections} → ${after.connections}`,
    },
  ];
}
