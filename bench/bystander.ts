/** `npm run bench:bystander`: how long a bystander's `refresh` takes, quiet and while other connections misbehave. Switchboard only. */
import { setTimeout as wait } from "node:timers/promises";
import type { Abuse, AbuserResult, AbuserTask } from "./load/abuser-load.ts";
import type { InputAbuse } from "./load/input-abuse.ts";
import type { ProbeResult, ProbeTask } from "./load/probe-load.ts";
import { LoadProcess } from "./load-process.ts";
import { readOptions, runBenchmark } from "./options.ts";
import { cpuSeconds, residentKib } from "./process-figures.ts";
import { ServerProcess } from "./server-process.ts";
import { percentile, spread, table, whole } from "./statistics.ts";
import { describe, surroundings, writeJson } from "./surroundings.ts";

/** How much worse than quiet the bystander's p99 may become, whatever the others do wrong. */
const targetRatio = 2;

/** The same while somebody misuses what the server reads, and what `/healthz` and memory may be. */
const input = { targetRatio: 3, healthTargetMs: 100, memoryTargetMib: 1_024 } as const;

const everything: readonly Abuse[] = [
  "flood",
  "never-reads",
  "invalid",
  "binary",
  "not-utf8",
  "oversized",
];

/**
 * `target`: the target is for the worst of these, one kind of misbehaviour each; the others are reported without one. `hurry`: everything
 * goes as fast as the server takes it.
 */
const phases: readonly {
  readonly name: string;
  readonly abuses: readonly Abuse[];
  readonly target?: true;
  readonly hurry?: true;
}[] = [
  { name: "quiet", abuses: [] },
  { name: "a busy big lobby", abuses: ["flood"] },
  { name: "… one member never reads", abuses: ["flood", "never-reads"], target: true },
  { name: "invalid messages", abuses: ["invalid"], target: true },
  {
    name: "binary, not UTF-8, too large",
    abuses: ["binary", "not-utf8", "oversized"],
    target: true,
  },
  { name: "all of them", abuses: everything },
  { name: "all, as fast as it is taken", abuses: everything, hurry: true },
];

const inputAbuses: readonly InputAbuse[] = [
  "pings",
  "pongs",
  "heartbeats",
  "after-close",
  "fragments",
  "half-frames",
];

/** What happens beside the bystander. */
interface Phase {
  readonly name: string;
  readonly abuses: readonly Abuse[];
  readonly inputAbuses?: readonly InputAbuse[];
  readonly hurry?: true;
}

const allPhases: readonly Phase[] = [
  ...phases,
  ...inputAbuses.map((name) => ({ name, abuses: [], inputAbuses: [name] })),
];

interface Run {
  readonly round: number;
  readonly phase: string;
  readonly samples: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly healthP99Ms: number;
  /** Most resident memory of the server, looked at twice a second. */
  readonly memoryMib: number;
  /** p99 of the probe's connection with itself: what of the p99 is the benchmark's own doing. */
  readonly ownP99Ms: number;
  /** How busy the server's core was, by the server: 1 is all the time. */
  readonly serverBusy: number;
  /** What the abusers did, a second. */
  readonly abusePerSecond: Readonly<Record<string, number>>;
}

/** Resolves when the server has less than a tenth of its core to do, or after 10 s. */
async function calm(pid: number): Promise<void> {
  for (let turn = 0; turn < 20; turn++) {
    const before = cpuSeconds(pid);
    await wait(500);
    if (cpuSeconds(pid) - before < 0.05) return;
  }
}

async function runPhase(
  server: ServerProcess,
  round: number,
  phase: Phase,
  numbers: Numbers,
): Promise<Run> {
  await calm(server.pid);
  const begin = performance.now();
  const cpuBefore = cpuSeconds(server.pid);
  const abuse = {
    port: server.port,
    abuses: phase.abuses,
    inputAbuses: phase.inputAbuses ?? [],
    bigLobby: numbers["big-lobby"],
    floodPerSecond: phase.hurry ? undefined : numbers.flood,
    badPerSecond: phase.hurry ? undefined : numbers.bad,
  } satisfies AbuserTask;
  const abusers =
    phase.abuses.length === 0 && phase.inputAbuses === undefined
      ? undefined
      : new LoadProcess("abuser-load.js", abuse, { yielding: true });
  let bystander: LoadProcess | undefined;
  let memoryKib = 0;
  const look = setInterval(() => {
    memoryKib = Math.max(memoryKib, residentKib(server.pid));
  }, 500);
  try {
    await abusers?.result(60_000);
    const { seconds } = numbers;
    const task = {
      port: server.port,
      lobbyId: 1,
      everyMs: 5,
      warmUpSeconds: 1,
      seconds,
    } satisfies ProbeTask;
    bystander = new LoadProcess("probe-load.js", task);
    const { latenciesMs, ownMs, healthMs } = await bystander.result<ProbeResult>(
      seconds * 1_000 + 120_000,
    );
    const done = (await abusers?.finish<AbuserResult>(60_000)) ?? {};
    const elapsedSeconds = (performance.now() - begin) / 1_000;
    return {
      round,
      phase: phase.name,
      samples: latenciesMs.length,
      p50Ms: percentile(latenciesMs, 0.5),
      p99Ms: percentile(latenciesMs, 0.99),
      maxMs: percentile(latenciesMs, 1),
      healthP99Ms: percentile(healthMs, 0.99),
      memoryMib: memoryKib / 1_024,
      ownP99Ms: percentile(ownMs, 0.99),
      serverBusy: (cpuSeconds(server.pid) - cpuBefore) / elapsedSeconds,
      abusePerSecond: Object.fromEntries(
        Object.entries(done).map(([what, times]) => [what, times / elapsedSeconds]),
      ),
    };
  } finally {
    clearInterval(look);
    await abusers?.stop();
    await bystander?.stop();
  }
}

type Numbers = Readonly<Record<keyof typeof defaults, number>>;
const defaults = { rounds: 3, seconds: 10, "big-lobby": 500, flood: 100, bad: 100 };

function print(runs: readonly Run[]): void {
  const rows = allPhases.map(({ name }) => {
    const own = runs.filter((run) => run.phase === name);
    const of = (figure: (run: Run) => number): number => spread(own.map(figure)).median;
    const figures = [
      (run: Run) => run.p50Ms,
      (run: Run) => run.p99Ms,
      (run: Run) => run.maxMs,
      (run: Run) => run.ownP99Ms,
      (run: Run) => run.healthP99Ms,
    ];
    const memory = whole(of((run) => run.memoryMib));
    const ratio = `${ratios(runs, name).median.toFixed(2)} ×`;
    const busy = `${(of((run) => run.serverBusy) * 100).toFixed(0)} %`;
    return [name, ...figures.map((figure) => of(figure).toFixed(2)), ratio, busy, memory];
  });
  console.log(
    `\n${table([["bystander's refresh, ms", "p50", "p99", "max", "own p99", "/healthz p99", "p99 ÷ quiet", "core busy", "MiB"], ...rows])}`,
  );
  console.log("\nwhat the abusers did, a second");
  for (const { phase, abusePerSecond } of runs.filter((run) => run.round === 1)) {
    const list = Object.entries(abusePerSecond).map(([what, times]) => `${whole(times)} ${what}`);
    if (list.length > 0) console.log(`  ${phase}: ${list.join(", ")}`);
  }
}

/** Round by round: the p99 of a phase over the p99 of that round's quiet phase. */
function ratios(runs: readonly Run[], phase: string): ReturnType<typeof spread> {
  const quiet = runs.filter((run) => run.phase === "quiet");
  return spread(
    runs
      .filter((run) => run.phase === phase)
      .map((run, index) => run.p99Ms / (quiet[index]?.p99Ms ?? Number.NaN)),
  );
}

/** The worst median of each figure, over the phases that misuse what the server reads. */
function worstOfInput(runs: readonly Run[]): { readonly text: string; readonly met: boolean } {
  const worst = (of: (name: string) => number): number => Math.max(...inputAbuses.map(of));
  const median = (name: string, figure: (run: Run) => number): number =>
    spread(runs.filter(({ phase }) => phase === name).map(figure)).median;
  const ratio = worst((name) => ratios(runs, name).median);
  const healthMs = worst((name) => median(name, (run) => run.healthP99Ms));
  const memoryMib = worst((name) => median(name, (run) => run.memoryMib));
  const met =
    ratio <= input.targetRatio &&
    healthMs <= input.healthTargetMs &&
    memoryMib <= input.memoryTargetMib;
  const text =
    `target, pings to half frames: p99 at most ${input.targetRatio} × quiet, ` +
    `/healthz ${input.healthTargetMs} ms, ${whole(input.memoryTargetMib)} MiB: ` +
    `at worst ${ratio.toFixed(2)} ×, ${healthMs.toFixed(1)} ms, ${whole(memoryMib)} MiB, ` +
    (met ? "met" : "missed");
  return { text, met };
}

await runBenchmark(async () => {
  const { numbers, json } = readOptions(defaults);
  const where = surroundings();
  console.log(describe(where));
  const rates = `${whole(numbers.flood)} updates/s, ${whole(numbers.bad)} bad frames/s of each kind`;
  console.log(
    `a big lobby of ${whole(numbers["big-lobby"])}, ${rates}; ${numbers.rounds} rounds, ${numbers.seconds} s a phase`,
  );
  const runs: Run[] = [];
  for (let round = 1; round <= numbers.rounds; round++) {
    const server = await ServerProcess.start("switchboard");
    try {
      for (const phase of allPhases) {
        const run = await runPhase(server, round, phase, numbers);
        runs.push(run);
        console.log(`round ${round}, ${phase.name}: p99 ${run.p99Ms.toFixed(2)} ms`);
      }
    } finally {
      await server.stop();
    }
  }
  print(runs);
  const worst = Math.max(
    ...phases.filter(({ target }) => target).map(({ name }) => ratios(runs, name).median),
  );
  const met = worst <= targetRatio;
  console.log(
    `\ntarget: p99 at most ${targetRatio} × quiet, whatever the kind: at worst ${worst.toFixed(2)} ×, ${met ? "met" : "missed"}`,
  );
  const ofInput = worstOfInput(runs);
  console.log(ofInput.text);
  writeJson(json, { ...where, options: numbers, targetRatio, worst, met, input, ofInput, runs });
});
