/** The one timer of everything that shows how old it is, and the clocks that ages are told by. */
import { createContext, type ReactNode, useContext, useState, useSyncExternalStore } from "react";
import { ServerClock } from "./server-clock.ts";

/** How often ages are looked at. */
const tickMs = 1000;

/** Tells its listeners once a second, all in one turn, so that React renders once. The timer runs only while somebody listens. */
export class Ticker {
  /** Whoever asks the server tells it when the answers were given. */
  readonly serverClock = new ServerClock();
  readonly #listeners = new Set<() => void>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #nowMs = Date.now();

  /** The time of the last tick. */
  get nowMs(): number {
    return this.#nowMs;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    if (this.#timer === undefined) {
      this.#nowMs = Date.now();
      this.#timer = setInterval(() => this.#tick(), tickMs);
    }
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    };
  };

  #tick(): void {
    this.#nowMs = Date.now();
    for (const listener of [...this.#listeners]) listener();
  }
}

const TickerContext = createContext<Ticker | undefined>(undefined);

export function TickerProvider({ children }: { readonly children: ReactNode }) {
  const [ticker] = useState(() => new Ticker());
  return <TickerContext.Provider value={ticker}>{children}</TickerContext.Provider>;
}

/** The page's ticker. */
export function useTicker(): Ticker {
  const ticker = useContext(TickerContext);
  if (ticker === undefined) throw new Error("useTicker is for parts below TickerProvider");
  return ticker;
}

/** The time of the last tick, in ms since 1970: the component is rendered once a second. */
export function useNow(): number {
  const ticker = useTicker();
  return useSyncExternalStore(ticker.subscribe, () => ticker.nowMs);
}
