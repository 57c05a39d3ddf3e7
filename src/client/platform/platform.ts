/** What differs between a browser and Node, and what tests hand in. */
import type { Transport } from "../transport.ts";

/** A pending call. */
export interface Timer {
  cancel(): void;
}

/** `offline` and `online`: what the system thinks of its network; `visible`: somebody looks at the page again. */
export type Signal = "offline" | "online" | "visible";

/** Where a connection takes its sockets, time and chance from. */
export interface Platform {
  readonly openWebSocket: Transport;
  /** Calls `listener` at each signal until the returned function is called. */
  watchSignals(listener: (signal: Signal) => void): () => void;
  /** ms since 1970. */
  now(): number;
  /** ms that never go back. */
  monotonic(): number;
  /** Calls `run` once in `ms`; never, where that is Infinity. */
  after(ms: number, run: () => void): Timer;
  /** Uniform in [0, 1). */
  random(): number;
  /** An id that no other has. */
  newId(): string;
}
