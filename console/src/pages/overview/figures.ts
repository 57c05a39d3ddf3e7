/** What the admin service tells of a node; see `overview` in its contract. */

/** What only grows; also, as growth a second, its rate. */
export interface Totals {
  readonly messagesIn: number;
  readonly messagesOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly skipped: number;
}

/** Code → how often. */
export type Counts = Readonly<Record<string, number>>;

/** One service on one node. `none`: connections that have not said yet whose they are. */
export interface ServiceFigures extends Totals {
  readonly service: string;
  readonly connections: number;
  readonly unsentBytes: number;
  readonly slowConnections: number;
  readonly errors: Counts;
  readonly closes: Counts;
  readonly perSecond?: Totals;
}

/** One node at one moment. */
export interface NodeFigures {
  readonly node: string;
  readonly at: number;
  readonly ageMs: number;
  readonly version: string;
  readonly draining: boolean;
  readonly connections: number;
  readonly refused: number;
  readonly engine: { readonly kind: string };
  readonly process: {
    readonly pid: number;
    readonly host: string;
    readonly uptimeSeconds: number;
    readonly cpuShare?: number;
    readonly rssBytes: number;
    readonly eventLoopDelayMs?: {
      readonly mean: number;
      readonly p99: number;
      readonly max: number;
    };
  };
  readonly services: readonly ServiceFigures[];
}

/** A message of the overview: a node's figures, or that it is shown no more; undefined for anything else. */
export function parseOverview(text: string): NodeFigures | { readonly gone: string } | undefined {
  const message = JSON.parse(text) as { readonly type?: unknown; readonly node: string };
  if (message.type === "overview") return message as unknown as NodeFigures;
  return message.type === "node_gone" ? { gone: message.node } : undefined;
}
