/** What may be seen of the running server as a whole. The gateway, which knows all of it, implements this. */
import type { Contract, Limits } from "../contract/index.ts";
import type { Connection } from "./connection.ts";
import type { Engine } from "./engine.ts";
import type { Tally } from "./tally.ts";

/** A service in operation. */
export interface ServiceView {
  readonly contract: Contract;
  /** Resolved: the service's own over the common ones. */
  readonly limits: Limits;
  readonly tally: Tally;
  /** Those that are open and have become the service's; in the order of that. */
  readonly connections: ReadonlySet<Connection>;
  /** Topics that have members on this node. */
  readonly topicCount: number;
  /**
   * Calls `listener` with each connection that becomes the service's, before the service hears of it; `first` is the frame that made it
   * so, where one did, which the service gets next. Returns what ends it.
   */
  onOpen(listener: (connection: Connection, first: string | undefined) => void): () => void;
}

/** A path that connections are at before their first message has said whose they are. */
export interface EntranceView {
  readonly connections: ReadonlySet<Connection>;
  readonly tally: Tally;
}

/** The process, now. */
export interface ProcessFigures {
  /** User and system time of all threads since the start. */
  readonly cpuSeconds: number;
  readonly rssBytes: number;
  readonly heapUsedBytes: number;
  readonly heapTotalBytes: number;
  readonly uptimeSeconds: number;
  /** How much later than due the event loop came to a timer, since the last reading; to about a millisecond. */
  readonly eventLoopDelayMs: { readonly mean: number; readonly p99: number; readonly max: number };
}

/** Reads the process's figures. While it is open it costs some 50 timer calls a second, for the delay of the event loop. */
export interface ProcessMeter {
  read(): ProcessFigures;
  close(): void;
}

/** One node. Everything in it is this process's, and read when asked: nothing here is a copy. */
export interface ServerView {
  readonly version: string;
  readonly host: string;
  readonly pid: number;
  readonly engine: Pick<Engine, "kind" | "stats">;
  readonly draining: boolean;
  readonly services: readonly ServiceView[];
  readonly entrances: readonly EntranceView[];
  /** Every open socket, in the order of opening; those that are nobody's yet, or were refused and have not gone, too. */
  readonly connections: Iterable<Connection> & { readonly size: number; readonly refused: number };
  openMeter(): ProcessMeter;
}
