/** What every service does on several nodes together. Pure. */
import type { Counts, ServiceFigures, Totals } from "./figures.ts";
import { historyLength, type OverviewState } from "./overview-state.ts";

/** A service over the nodes that count. */
export interface ServiceSum {
  readonly service: string;
  readonly connections: number;
  readonly unsentBytes: number;
  readonly slowConnections: number;
  readonly skipped: number;
  readonly errors: Counts;
  readonly closes: Counts;
  /** Undefined until a second report has come. */
  readonly perSecond: Totals | undefined;
  /** Messages a second, oldest first. */
  readonly history: { readonly in: readonly number[]; readonly out: readonly number[] };
  /** When the oldest of these figures was true. */
  readonly atMs: number;
}

/** Over all of `state`, see `counted`; in the server's order; `none`, which is no service, is last. */
export function serviceSums(state: OverviewState): readonly ServiceSum[] {
  const names = [
    ...new Set(state.flatMap(({ figures }) => figures.services.map(({ service }) => service))),
  ];
  return names.map((service) => {
    const views = state.flatMap((view) => {
      const figures = view.figures.services.find((other) => other.service === service);
      return figures === undefined
        ? []
        : [{ figures, atMs: view.atMs, rates: view.rates[service] ?? { in: [], out: [] } }];
    });
    const sum = (of: (figures: ServiceFigures) => number) =>
      views.reduce((total, { figures }) => total + of(figures), 0);
    const rates = views.flatMap(({ figures: { perSecond } }) =>
      perSecond === undefined ? [] : [perSecond],
    );
    return {
      service,
      connections: sum(({ connections }) => connections),
      unsentBytes: sum(({ unsentBytes }) => unsentBytes),
      slowConnections: sum(({ slowConnections }) => slowConnections),
      skipped: sum(({ skipped }) => skipped),
      errors: addedCounts(views.map(({ figures }) => figures.errors)),
      closes: addedCounts(views.map(({ figures }) => figures.closes)),
      perSecond: rates.length === 0 ? undefined : addedTotals(rates),
      history: {
        in: addedRates(views.map(({ rates }) => rates.in)),
        out: addedRates(views.map(({ rates }) => rates.out)),
      },
      atMs: Math.min(...views.map(({ atMs }) => atMs)),
    };
  });
}

/** A code, how often it was, and at whom. */
export interface CodeRow {
  readonly code: string;
  readonly count: number;
  /** The most frequent first. */
  readonly services: readonly { readonly service: string; readonly count: number }[];
}

/** Every code, the most frequent first. */
export function codeRows(sums: readonly ServiceSum[], of: "errors" | "closes"): readonly CodeRow[] {
  const codes = new Set(sums.flatMap((sum) => Object.keys(sum[of])));
  const byCount = (a: { readonly count: number }, b: { readonly count: number }) =>
    b.count - a.count;
  return [...codes]
    .map((code) => {
      const services = sums
        .map((sum) => ({ service: sum.service, count: sum[of][code] ?? 0 }))
        .filter(({ count }) => count > 0);
      return {
        code,
        count: countOf(Object.fromEntries(services.map(({ service, count }) => [service, count]))),
        services: services.sort(byCount),
      };
    })
    .sort(byCount);
}

/** All of a kind, whatever the code. */
export function countOf(counts: Counts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** Sums of all services. */
export function grandTotal(sums: readonly ServiceSum[]) {
  const sum = (of: (sum: ServiceSum) => number) =>
    sums.reduce((total, each) => total + of(each), 0);
  return {
    connections: sum(({ connections }) => connections),
    slowConnections: sum(({ slowConnections }) => slowConnections),
    unsentBytes: sum(({ unsentBytes }) => unsentBytes),
    perSecond: addedTotals(
      sums.flatMap(({ perSecond }) => (perSecond === undefined ? [] : [perSecond])),
    ),
  };
}

function addedTotals(totals: readonly Totals[]): Totals {
  const sum = (name: keyof Totals) => totals.reduce((total, each) => total + each[name], 0);
  return {
    messagesIn: sum("messagesIn"),
    messagesOut: sum("messagesOut"),
    bytesIn: sum("bytesIn"),
    bytesOut: sum("bytesOut"),
    skipped: sum("skipped"),
  };
}

function addedCounts(all: readonly Counts[]): Counts {
  const sums: Record<string, number> = {};
  for (const counts of all)
    for (const [code, count] of Object.entries(counts)) sums[code] = (sums[code] ?? 0) + count;
  return sums;
}

/** Second by second from the newest; nodes report about once a second, so this is right to a second. */
function addedRates(histories: readonly (readonly number[])[]): readonly number[] {
  const length = Math.min(
    historyLength,
    Math.max(0, ...histories.map((history) => history.length)),
  );
  return Array.from({ length }, (_, at) =>
    histories.reduce((total, history) => total + (history[history.length - length + at] ?? 0), 0),
  );
}
