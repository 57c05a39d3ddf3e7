/** Reads the process's own figures. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { ProcessFigures, ProcessMeter } from "../kit/server-view.ts";

/** How often the event loop is timed, in ms. */
const resolutionMs = 20;

/** Opens a meter; it keeps no process alive. */
export function openProcessMeter(): ProcessMeter {
  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  delay.enable();
  /** It records the time from timer to timer, in ns. */
  const lateMs = (ns: number): number =>
    Math.max(0, Math.round(ns / 1e4 - resolutionMs * 100) / 100);
  return {
    read(): ProcessFigures {
      const { user, system } = process.cpuUsage();
      const { rss, heapUsed, heapTotal } = process.memoryUsage();
      const eventLoopDelayMs =
        delay.count === 0
          ? { mean: 0, p99: 0, max: 0 }
          : { mean: lateMs(delay.mean), p99: lateMs(delay.percentile(99)), max: lateMs(delay.max) };
      delay.reset();
      return {
        cpuSeconds: (user + system) / 1e6,
        rssBytes: rss,
        heapUsedBytes: heapUsed,
        heapTotalBytes: heapTotal,
        uptimeSeconds: process.uptime(),
        eventLoopDelayMs,
      };
    },
    close() {
      delay.disable();
    },
  };
}
