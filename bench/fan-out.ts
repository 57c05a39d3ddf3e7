/** `npm run bench`: messages delivered per CPU-second of the server, for Switchboard, a hand-written `ws` loop and Socket.IO. */
import type { FanOutResult, FanOutTask } from "./load/fan-out-load.ts";
import { LoadProcess } from "./load-process.ts";
import { readOptions, runBenchmark } from "./options.ts";
import { type ServerName, ServerProcess } from "./server-process.ts";
import { type Spread, spread, table, whole } from "./statistics.ts";
import { describe, surroundings, writeJson } from "./surroundings.ts";

interface Workload {
  readonly name: string;
  readonly batch: number;
  /** How much better than each peer Switchboard is to be. */
  readonly targets: { readonly ws: number; readonly "socket.io": number };
}

const workloads: readonly Workload[] = [
  { name: "one message at a time", batch: 1, targets: { ws: 1.1, "socket.io": 1.5 } },
  { name: "bursts of 20", batch: 20, targets: { ws: 8, "socket.io": 8 } },
];

interface Run extends FanOutResult {
  readonly workload: string;
  readonly round: number;
  readonly server: ServerName;
  readonly perCpuSecond: number;
}

interface Comparison {
  readonly workload: string;
  readonly peer: ServerName;
  /** Switchboard's figure over the peer's of the same round, over all rounds. */
  readonly ratio: Spread;
  readonly target: number;
  readonly met: boolean;
}

async function runOnce(task: Omit<FanOutTask, "port" | "serverPid">): Promise<FanOutResult> {
  const server = await ServerProcess.start(task.server);
  const load = new LoadProcess("fan-out-load.js", {
    ...task,
    port: server.port,
    serverPid: server.pid,
  } satisfies FanOutTask);
  try {
    return await load.result<FanOutResult>((task.warmUpSeconds + task.seconds) * 20_000 + 120_000);
  } finally {
    await load.stop();
    await server.stop();
  }
}

function compare(workload: Workload, runs: readonly Run[]): Comparison[] {
  const figures = (server: ServerName): readonly number[] =>
    runs.filter((run) => run.server === server).map((run) => run.perCpuSecond);
  const ours = figures("switchboard");
  return (["ws", "socket.io"] as const).flatMap((peer) => {
    const theirs = figures(peer);
    if (ours.length === 0 || theirs.length === 0) return [];
    const ratio = spread(ours.map((figure, round) => figure / (theirs[round] ?? Number.NaN)));
    const target = workload.targets[peer];
    return [{ workload: workload.name, peer, ratio, target, met: ratio.median >= target }];
  });
}

function print(
  workload: Workload,
  runs: readonly Run[],
  servers: readonly ServerName[],
  comparisons: readonly Comparison[],
): void {
  console.log(`\n${workload.name}: messages delivered per CPU-second of the server`);
  const rows = servers.map((server) => {
    const own = runs.filter((run) => run.server === server);
    const figure = spread(own.map((run) => run.perCpuSecond));
    const busy = spread(own.map((run) => run.cpuSeconds / run.wallSeconds)).median;
    const updates = own.reduce((sum, run) => sum + run.updates, 0);
    return [
      server,
      whole(figure.median),
      whole(figure.min),
      whole(figure.max),
      `${(busy * 100).toFixed(0)} %`,
      whole(updates),
    ];
  });
  console.log(table([["server", "median", "min", "max", "core busy", "updates"], ...rows]));
  if (comparisons.length === 0) return;
  const fixed = (value: number): string => value.toFixed(2);
  const ratios = comparisons.map(({ peer, ratio, target, met }) => [
    `switchboard ÷ ${peer}`,
    fixed(ratio.median),
    fixed(ratio.min),
    fixed(ratio.max),
    fixed(target),
    met ? "met" : "missed",
  ]);
  console.log(
    `\n${table([["ratio, round by round", "median", "min", "max", "target", ""], ...ratios])}`,
  );
}

await runBenchmark(async () => {
  const { numbers, servers, json } = readOptions({
    rounds: 5,
    viewers: 2_000,
    seconds: 4,
    "warm-up": 2,
  });
  const where = surroundings();
  console.log(describe(where));
  const { rounds, viewers, seconds, "warm-up": warmUpSeconds } = numbers;
  console.log(
    `${whole(viewers)} viewers, ${rounds} rounds, ${warmUpSeconds} CPU-seconds to warm up, ${seconds} measured`,
  );
  const runs: Run[] = [];
  for (let round = 1; round <= rounds; round++) {
    for (const { name: workload, batch } of workloads) {
      for (const server of servers) {
        const task = { server, viewers, batch, warmUpSeconds, seconds };
        const result = await runOnce(task);
        const perCpuSecond = result.delivered / result.cpuSeconds;
        runs.push({ workload, round, server, ...result, perCpuSecond });
        console.log(`round ${round}, ${workload}, ${server}: ${whole(perCpuSecond)}`);
      }
    }
  }
  const comparisons = workloads.map((workload) => {
    const own = runs.filter((run) => run.workload === workload.name);
    const compared = compare(workload, own);
    print(workload, own, servers, compared);
    return compared;
  });
  console.log("\nEvery viewer got every message exactly once.");
  writeJson(json, { ...where, options: numbers, runs, comparisons: comparisons.flat() });
});
