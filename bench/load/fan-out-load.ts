/** The load of one fan-out run, in its own process: joins the viewers, warms the server up, measures, reports to its parent. */
import { reportToBenchmark } from "../load-process.ts";
import { cpuSeconds } from "../process-figures.ts";
import type { ServerName } from "../server-process.ts";
import { Audience } from "./audience.ts";
import { dialectOf } from "./dialect.ts";

/** Handed over as JSON in the first argument. */
export interface FanOutTask {
  readonly server: ServerName;
  readonly port: number;
  readonly serverPid: number;
  readonly viewers: number;
  /** Updates in one write; the next write waits until every viewer has all of them. */
  readonly batch: number;
  /** CPU time that the server uses before measuring starts, and while measuring. */
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

export interface FanOutResult {
  /** Messages that reached a viewer while measuring: exactly updates × viewers. */
  readonly delivered: number;
  /** Updates sent while measuring. */
  readonly updates: number;
  /** CPU time of the server, user and system, over the same time. */
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
}

async function run(task: FanOutTask): Promise<FanOutResult> {
  const audience = await Audience.join(task.port, dialectOf(task.server), task.viewers);
  const batch = audience.batch(task.batch);
  // By the server's own time, so that it is as warm, and measured as long, on a machine where it has to share its core.
  const deliverFor = async (seconds: number): Promise<number> => {
    const end = cpuSeconds(task.serverPid) + seconds;
    let updates = 0;
    while (cpuSeconds(task.serverPid) < end) {
      await audience.deliver(batch);
      updates += task.batch;
    }
    return updates;
  };
  await deliverFor(task.warmUpSeconds);
  // Before and after, nothing is under way: the server's time between the two readings is the time for these messages.
  const cpuBefore = cpuSeconds(task.serverPid);
  const begin = performance.now();
  const updates = await deliverFor(task.seconds);
  const wallSeconds = (performance.now() - begin) / 1_000;
  const cpu = cpuSeconds(task.serverPid) - cpuBefore;
  await audience.leave();
  return { delivered: updates * task.viewers, updates, cpuSeconds: cpu, wallSeconds };
}

await reportToBenchmark(run);
