/** A countdown at a moment. Pure. */

/** What is seen of a start. */
export interface CountdownView {
  /** Whole seconds that are left, as people count them: 3, 2, 1; 0 when it has started. */
  readonly seconds: number;
  /** The part of the countdown that is over, 0 to 1. */
  readonly done: number;
  readonly isOver: boolean;
}

/** `nowMs` by the clock of `startsAtMs`. */
export function countdownAt(
  { startsAtMs, inMs }: { readonly startsAtMs: number; readonly inMs: number },
  nowMs: number,
): CountdownView {
  const leftMs = Math.max(0, startsAtMs - nowMs);
  return {
    seconds: Math.ceil(leftMs / 1000),
    done: inMs > 0 ? Math.min(1, Math.max(0, 1 - leftMs / inMs)) : 1,
    isOver: leftMs === 0,
  };
}
