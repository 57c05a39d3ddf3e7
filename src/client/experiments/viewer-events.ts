/** What a viewer tells. */

/** Names of variables of one chain. */
export interface ChainNames {
  readonly chain: string;
  readonly names: readonly string[];
}

/** Log text. */
export interface LogEvent {
  readonly text: string;
  /** This is the log from its start, also an empty one: it replaces what is shown. Else it is to be put behind that. */
  readonly initial: boolean;
}

/** Consecutive samples of one variable; thinned ones, where `at` is given. */
export interface SamplesEvent {
  readonly chain: string;
  readonly variable: string;
  /** The index of the first value, from 0. */
  readonly from: number;
  /** As they came, parsed; a bare NaN or infinity as the string of that name. */
  readonly values: readonly unknown[];
  /** Of thinned samples: the index of each value, ascending. */
  readonly at?: readonly number[];
}

/** Samples that the server did not send: from this index up to before that. */
export interface GapEvent {
  readonly chain: string;
  readonly variable: string;
  readonly from: number;
  readonly to: number;
}

/** The diagnostics of one variable over all its chains; null where there is nothing to compute them from. */
export interface Diagnostics {
  readonly mean: number | null;
  readonly sd: number | null;
  readonly q5: number | null;
  readonly q50: number | null;
  readonly q95: number | null;
  readonly r_hat: number | null;
  readonly ess_bulk: number | null;
  readonly ess_tail: number | null;
  readonly chains: number;
  readonly draws: number;
}

/** Variable → its diagnostics. */
export type Summary = Readonly<Record<string, Diagnostics>>;

/** The events of a viewer; over all connections each thing is told once. */
export interface ViewerEvents {
  log: LogEvent;
  /** Variables that were not told before. */
  names: readonly ChainNames[];
  samples: SamplesEvent;
  /** Comes before the samples behind it. */
  gap: GapEvent;
  /**
   * The experiment has been removed, or lost, and begun anew: the samples of every variable come again from index 0. Names that come after it
   * are in addition to `variables` as it is then; a log that is another one comes with `initial`.
   */
  reset: { readonly reason: string };
  summary: Summary;
  /** The experiment has ended. */
  finish: undefined;
  /** The experiment has failed: what its publisher said of it. */
  error: unknown;
  /** The server (Switchboard) did not do what it was asked for: too many variables, for example. */
  refused: { readonly code: string; readonly message: string };
}
