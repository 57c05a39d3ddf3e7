/** The signals that were seen, the newest first. */

/** `opened`: the connection was opened, so nobody knows what it missed. `refresh`: somebody said that there is something new. */
export interface Signal {
  readonly id: number;
  readonly kind: "opened" | "refresh";
  readonly what: string;
  readonly atMs: number;
}

/** What is seen of the log. */
export interface SignalView {
  /** The newest first; at most `maxSignals`. */
  readonly signals: readonly Signal[];
  /** All refreshes that came, also those that are no longer listed. */
  readonly refreshes: number;
  readonly lastRefreshMs: number | undefined;
}

/** Older ones go. */
export const maxSignals = 50;

const nothing: SignalView = { signals: [], refreshes: 0, lastRefreshMs: undefined };

export class SignalLog {
  #view = nothing;
  #nextId = 1;
  readonly #listeners = new Set<() => void>();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly snapshot = (): SignalView => this.#view;

  add(kind: Signal["kind"], what: string, atMs: number): void {
    const { signals, refreshes, lastRefreshMs } = this.#view;
    const isRefresh = kind === "refresh";
    this.#set({
      signals: [{ id: this.#nextId++, kind, what, atMs }, ...signals].slice(0, maxSignals),
      refreshes: refreshes + (isRefresh ? 1 : 0),
      lastRefreshMs: isRefresh ? atMs : lastRefreshMs,
    });
  }

  clear(): void {
    this.#set(nothing);
  }

  #set(view: SignalView): void {
    this.#view = view;
    for (const listener of [...this.#listeners]) listener();
  }
}
