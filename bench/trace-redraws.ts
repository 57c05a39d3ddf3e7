/** What a page's main thread did from one WebSocket message to the next, from a trace of Chromium's. */

/** One update. */
export interface Redraw {
  readonly totalMs: number;
  readonly longestTaskMs: number;
}

/** As far as it is read; times in µs. */
interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
}

/** One for each message but the last, whose work may not be in the trace any more. Throws where the trace has no messages. */
export function redraws(trace: string): readonly Redraw[] {
  const { traceEvents } = JSON.parse(trace) as { readonly traceEvents: readonly TraceEvent[] };
  const messages = traceEvents
    .filter(({ name }) => name === "WebSocketReceive")
    .sort((a, b) => a.ts - b.ts);
  const [first] = messages;
  if (first === undefined)
    throw new Error("the trace has no WebSocketReceive: this Chromium names it otherwise");
  const ofThread = traceEvents.filter(({ pid, tid }) => pid === first.pid && tid === first.tid);
  // Chromium's versions name a task the one way or the other; where both are there, the ones are within the others.
  const name = ofThread.some((event) => event.name === "RunTask")
    ? "RunTask"
    : "ThreadControllerImpl::RunTask";
  const tasks = ofThread.filter((event) => event.name === name && event.dur !== undefined);
  return messages.slice(0, -1).map(({ ts }, nth) => {
    const until = messages[nth + 1]?.ts ?? ts;
    // The task that got the message began just before it.
    const own = tasks
      .filter((task) => task.ts + (task.dur ?? 0) > ts && task.ts + (task.dur ?? 0) <= until)
      .map(({ dur = 0 }) => dur / 1_000);
    return { totalMs: own.reduce((sum, ms) => sum + ms, 0), longestTaskMs: Math.max(0, ...own) };
  });
}
