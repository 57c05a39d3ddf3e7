/** `npm run bench:ingest`: samples that experiments take per CPU-second, the time to read one variable out of many, and the cost of frames. */
import type { IngestResult, IngestTask } from "./load/ingest-load.ts";
import { LoadProcess } from "./load-process.ts";
import { readOptions, runBenchmark } from "./options.ts";
import { residentKib } from "./process-figures.ts";
import { ServerProcess } from "./server-process.ts";
import { percentile, spread, table, whole } from "./statistics.ts";
import { describe, surroundings, writeJson } from "./surroundings.ts";

/** What is to be reached with posts of new samples only. */
const targets = { samplesPerCpuSecond: 500_000, readMs: 30, frameOverhead: 0.05 } as const;

interface Run extends IngestResult {
  readonly round: number;
  readonly cumulative: boolean;
  readonly samplesPerCpuSecond: number;
  readonly frameOverhead: number;
  readonly residentKib: number;
}

async function runOnce(round: number, task: Omit<IngestTask, "port" | "serverPid">): Promise<Run> {
  const server = await ServerProcess.start("switchboard");
  const load = new LoadProcess("ingest-load.js", {
    ...task,
    port: server.port,
    serverPid: server.pid,
  } satisfies IngestTask);
  try {
    const result = await load.result<IngestResult>(600_000);
    const { frameBytes, valueBytes } = result.watched;
    return {
      round,
      cumulative: task.cumulative,
      ...result,
      samplesPerCpuSecond: result.samples / result.cpuSeconds,
      frameOverhead: frameBytes / valueBytes - 1,
      residentKib: residentKib(server.pid),
    };
  } finally {
    await load.stop();
    await server.stop();
  }
}

function judge(what: string, met: boolean): string {
  return `target ${what}: ${met ? "met" : "missed"}`;
}

await runBenchmark(async () => {
  const { numbers, json } = readOptions({
    rounds: 3,
    chains: 4,
    variables: 250,
    draws: 100,
    posts: 100,
    "warm-up": 5,
    "cumulative-posts": 20,
    reads: 20,
  });
  const where = surroundings();
  console.log(describe(where));
  const { chains, variables, draws, posts, reads } = numbers;
  console.log(
    `${chains} chains × ${variables} variables, ${draws} draws a post, ${posts} posts, one at a time; one variable is watched`,
  );
  const runs: Run[] = [];
  for (let round = 1; round <= numbers.rounds; round++) {
    for (const cumulative of [false, true]) {
      const task = {
        chains,
        variables,
        draws,
        warmUp: numbers["warm-up"],
        posts: cumulative ? numbers["cumulative-posts"] : posts,
        cumulative,
        reads,
      };
      const run = await runOnce(round, task);
      runs.push(run);
      console.log(
        `round ${round}, ${cumulative ? "everything so far" : "new samples"} in each post: ${whole(run.samplesPerCpuSecond)} new samples a CPU-second`,
      );
    }
  }
  const rows = [false, true].map((cumulative) => {
    const own = runs.filter((run) => run.cumulative === cumulative);
    const rate = spread(own.map((run) => run.samplesPerCpuSecond));
    const bytes = spread(own.map((run) => run.bodyBytes / run.cpuSeconds / 1e6)).median;
    const read = own.flatMap((run) => run.readMs);
    const overhead = spread(own.map((run) => run.frameOverhead)).median;
    return [
      cumulative ? "everything so far" : "new samples",
      whole(rate.median),
      whole(rate.min),
      whole(rate.max),
      bytes.toFixed(1),
      spread(read).median.toFixed(1),
      percentile(read, 0.99).toFixed(1),
      `${(overhead * 100).toFixed(1)} %`,
      whole(spread(own.map((run) => run.residentKib)).median / 1_024),
    ];
  });
  const heading = [
    "each post holds",
    "new samples/CPU-s",
    "min",
    "max",
    "MB/CPU-s",
    "read ms",
    "p99",
    "frames over values",
    "MB resident",
  ];
  console.log(`\n${table([heading, ...rows])}`);
  const own = runs.filter((run) => !run.cumulative);
  const rate = spread(own.map((run) => run.samplesPerCpuSecond)).median;
  const read = percentile(
    own.flatMap((run) => run.readMs),
    0.99,
  );
  const overhead = spread(own.map((run) => run.frameOverhead)).max;
  console.log(
    `\n${judge(`at least ${whole(targets.samplesPerCpuSecond)} samples a CPU-second`, rate >= targets.samplesPerCpuSecond)}`,
  );
  console.log(
    judge(
      `one variable of ${whole(chains * variables)} × ${whole(posts * draws)} in under ${targets.readMs} ms (p99)`,
      read < targets.readMs,
    ),
  );
  console.log(
    judge(
      `frames at most ${targets.frameOverhead * 100} % over the values`,
      overhead <= targets.frameOverhead,
    ),
  );
  writeJson(json, { ...where, options: numbers, targets, runs });
});
