/** The trace of one variable: all draws thinned for the screen, and what is looked at closely in detail. */
import { Changes } from "./changes.ts";
import type { Points, SampleSpan } from "./samples-source.ts";
import { maxPointsOfLine, type TraceColumns, TraceGrid } from "./trace-grid.ts";

/** Keys that are held down change the range many times a second. */
const settleMs = 120;

/** What is looked at closely. */
interface Detail {
  readonly span: SampleSpan;
  readonly grid: TraceGrid;
  readonly abort: AbortController;
  state: "loading" | "thinned" | "every" | Error;
}

/** What the plot shows, for who reads: `every` draw, or some of them; of the whole run or of a span. */
export type TraceState =
  | { readonly is: "every" | "thinned"; readonly span?: SampleSpan }
  | { readonly is: "loading"; readonly span: SampleSpan }
  | { readonly is: "failed"; readonly span: SampleSpan; readonly error: Error };

export interface TraceParts {
  chains(): readonly string[];
  load(chain: string, span: SampleSpan, maxPoints: number, signal: AbortSignal): Promise<Points>;
}

/** Bounded: two grids, however long the run. */
export class Trace {
  readonly changes = new Changes();
  readonly #parts: TraceParts;
  #whole = new TraceGrid();
  /** The server has left draws out of what it sent. */
  #wasThinned = false;
  #end = 0;
  #detail: Detail | undefined;
  #settling: ReturnType<typeof setTimeout> | undefined;

  constructor(parts: TraceParts) {
    this.#parts = parts;
  }

  /** Behind the last draw of the longest chain. */
  get end(): number {
    return this.#end;
  }

  get state(): TraceState {
    if (this.#detail === undefined) return { is: this.#isThinned ? "thinned" : "every" };
    const { span, state } = this.#detail;
    const known = { from: span.from, to: Math.min(span.to, this.#end) };
    if (state instanceof Error) return { is: "failed", span: known, error: state };
    return {
      is: state === "every" && this.#detail.grid.drawsPerCell > 1 ? "thinned" : state,
      span: known,
    };
  }

  /** For the plot; the lines in the order of the chains. */
  columns(): TraceColumns {
    const state = this.#detail?.state;
    const grid = state === "every" || state === "thinned" ? this.#detail?.grid : undefined;
    return (grid ?? this.#whole).columns(this.#parts.chains());
  }

  /** Takes draws as they come; `at`: these have been thinned. */
  add(chain: string, from: number, values: readonly unknown[], at?: readonly number[]): void {
    if (at !== undefined) this.#wasThinned = true;
    const detail = this.#detail;
    for (const [nth, value] of values.entries()) {
      const index = at?.[nth] ?? from + nth;
      const number = numberOf(value);
      this.#whole.add(chain, index, number);
      if (detail !== undefined && index < detail.span.to) detail.grid.add(chain, index, number);
      this.#end = Math.max(this.#end, index + 1);
    }
    this.changes.notify();
  }

  /** Looks at a range of indices closely, or at everything. What has been left out of it is loaded. */
  zoom(range: { readonly min: number; readonly max: number } | undefined): void {
    this.#leaveDetail();
    if (range !== undefined && this.#isThinned) {
      // One more at each side, so that lines run to the edges.
      const from = Math.max(0, Math.floor(range.min) - 1);
      const span = { from, to: Math.max(from + 1, Math.ceil(range.max) + 2) };
      const detail: Detail = {
        span,
        grid: new TraceGrid(from),
        abort: new AbortController(),
        state: "loading",
      };
      this.#detail = detail;
      this.#settling = setTimeout(() => void this.#load(detail), settleMs);
    }
    this.changes.notify();
  }

  /** Loads the detail again after it has failed. */
  retry(): void {
    const detail = this.#detail;
    if (detail === undefined) return;
    detail.state = "loading";
    this.changes.notify();
    void this.#load(detail);
  }

  /** The draws so far were another run's. */
  clear(): void {
    this.#leaveDetail();
    this.#whole = new TraceGrid();
    this.#wasThinned = false;
    this.#end = 0;
    this.changes.notify();
  }

  close(): void {
    this.#leaveDetail();
  }

  get #isThinned(): boolean {
    return this.#wasThinned || this.#whole.drawsPerCell > 1;
  }

  #leaveDetail(): void {
    clearTimeout(this.#settling);
    this.#detail?.abort.abort();
    this.#detail = undefined;
  }

  async #load(detail: Detail): Promise<void> {
    const { span, grid, abort } = detail;
    try {
      const chains = this.#parts.chains();
      const all = await Promise.all(
        chains.map((chain) => this.#parts.load(chain, span, maxPointsOfLine, abort.signal)),
      );
      if (this.#detail !== detail) return;
      for (const [nth, { at, data }] of all.entries()) {
        for (const [place, index] of at.entries())
          grid.add(chains[nth] ?? "", index, numberOf(data[place]));
      }
      const isEvery = all.every(
        ({ at }) => at.length === 0 || (at.at(-1) ?? 0) - (at[0] ?? 0) + 1 === at.length,
      );
      detail.state = isEvery ? "every" : "thinned";
    } catch (error) {
      if (this.#detail !== detail) return;
      detail.state = error instanceof Error ? error : new Error(String(error));
    }
    this.changes.notify();
  }
}

function numberOf(value: unknown): number {
  return typeof value === "number" ? value : Number.NaN;
}
