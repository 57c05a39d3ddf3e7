/** All nodes as they were last heard of, with what their rates were in the last minute. Pure. */
import type { NodeFigures } from "./figures.ts";

/** So many reports, of which a node makes one a second, are remembered. */
export const historyLength = 60;

/** A node whose last report is older has stopped reporting: it makes one a second. */
export const staleAfterMs = 4000;

/** A node that has not been heard of for so long is shown no more, as the server has it. */
const forgetAfterMs = 30_000;

/** Rates of one service, oldest first. */
interface RateHistory {
  readonly in: readonly number[];
  readonly out: readonly number[];
}

/** One node. */
export interface NodeView {
  readonly figures: NodeFigures;
  /** When these figures were true, by this browser's clock. */
  readonly atMs: number;
  /** By service. */
  readonly rates: Readonly<Record<string, RateHistory>>;
  /** Shares of one core, oldest first. */
  readonly cpu: readonly number[];
}

/** In the order in which they were first heard of. */
export type OverviewState = readonly NodeView[];

/** Adds a report that came at `nowMs`. One that is told again, since none has followed it, changes nothing but what is forgotten. */
export function withReport(
  state: OverviewState,
  figures: NodeFigures,
  nowMs: number,
): OverviewState {
  const alive = state.filter(
    ({ atMs, figures: { node } }) => node === figures.node || nowMs - atMs <= forgetAfterMs,
  );
  const before = alive.find(({ figures: { node } }) => node === figures.node);
  if (before?.figures.at === figures.at) return alive.length === state.length ? state : alive;
  const view: NodeView = {
    figures,
    atMs: nowMs - figures.ageMs,
    rates: Object.fromEntries(
      figures.services.flatMap(({ service, perSecond }) => {
        const then = before?.rates[service] ?? { in: [], out: [] };
        if (perSecond === undefined) return [[service, then]];
        return [
          [
            service,
            {
              in: pushed(then.in, perSecond.messagesIn),
              out: pushed(then.out, perSecond.messagesOut),
            },
          ],
        ];
      }),
    ),
    cpu:
      figures.process.cpuShare === undefined
        ? (before?.cpu ?? [])
        : pushed(before?.cpu ?? [], figures.process.cpuShare),
  };
  return before === undefined
    ? [...alive, view]
    : alive.map((other) => (other === before ? view : other));
}

/**
 * The nodes that count in sums: a silent one may have been restarted, and its clients may be another's by now. When all are silent, those
 * that were heard of together with the last one, so that the sums stay what they were.
 */
export function counted(state: OverviewState, nowMs: number): OverviewState {
  const newestMs = Math.max(...state.map(({ atMs }) => atMs));
  const thenMs = nowMs - newestMs > staleAfterMs ? newestMs : nowMs;
  return state.filter(({ atMs }) => thenMs - atMs <= staleAfterMs);
}

/** Without a node that has left. */
export function withoutNode(state: OverviewState, gone: string): OverviewState {
  return state.filter(({ figures: { node } }) => node !== gone);
}

/**
 * Without every node but this one: for the first report after the connection was lost. What is still there reports within a second; a server that
 * was restarted is another node, and its former self must not be counted beside it.
 */
export function withOnly(state: OverviewState, node: string): OverviewState {
  return state.filter((view) => view.figures.node === node);
}

function pushed(values: readonly number[], value: number): readonly number[] {
  return [...values.slice(1 - historyLength), value];
}
