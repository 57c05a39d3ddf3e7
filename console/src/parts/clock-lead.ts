/** How far this browser's clock is ahead of the server's. */

/** An HTTP `Date` is up to 1 s old, and the answer was under way: differences below this are not told from none. */
export const indistinctMs = 1500;

/**
 * The lead in ms, negative if the browser's clock is behind, right to about 2 s. It stays as it was (`beforeMs`; 0 at first) until an answer
 * differs clearly, so that ages do not jump to and fro, and follows a clock that is set.
 */
export function clockLead(
  beforeMs: number,
  browserAtMs: number,
  serverAtMs: number | undefined,
): number {
  if (serverAtMs === undefined) return beforeMs;
  // The middle of the second that the server's time was rounded down from.
  const leadMs = browserAtMs - (serverAtMs + 500);
  return Math.abs(leadMs - beforeMs) < indistinctMs ? beforeMs : leadMs;
}
