/** `npm run bench:diagnostics`: how long the summaries of an experiment take in their thread, and for how long they hold the event loop. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as wait } from "node:timers/promises";
import { readOptions, runBenchmark } from "./options.ts";
import { spread, table, whole } from "./statistics.ts";
import { describe, surroundings, writeJson } from "./surroundings.ts";

/** For 1,000 draws a chain, with the default number of variables and chains. */
const targetMs = 1_000;
const targetHoldMs = 20;

/** What the benchmark uses of `src/services/experiments/summaries.ts`, as built. */
interface Summaries {
  request(
    key: string,
    load: () => Promise<ReadonlyMap<string, readonly (readonly number[])[]>>,
  ): Promise<Record<string, { r_hat: number | null }>>;
  stop(): Promise<void>;
}
interface Built {
  readonly Summaries: new (parts: {
    clock: { monotonic(): number };
    maxWaitingKeys: number;
  }) => Summaries;
}

type Phase = "idle" | "first" | "later";

interface Run {
  readonly round: number;
  readonly draws: number;
  /** `first` starts the thread; `idle` does nothing for as long as `first` took: what the machine itself holds up. */
  readonly phase: Phase;
  readonly elapsedMs: number;
  readonly longestHoldMs: number;
}

const defaults = { rounds: 5, variables: 100, chains: 4 };

/** Draws that depend a little on the one before, as a sampler's do. */
function sampled(draws: number): number[] {
  let value = 0;
  return Array.from({ length: draws }, () => {
    value = 0.3 * value + Math.random() - 0.5;
    return value;
  });
}

/** How long the work takes, and the longest time that the event loop did not turn (to 1 ms). */
async function measured(
  work: () => Promise<void>,
): Promise<{ elapsedMs: number; longestHoldMs: number }> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  await wait(20);
  delay.enable();
  await wait(5);
  delay.reset();
  const begin = performance.now();
  await work();
  const elapsedMs = performance.now() - begin;
  await wait(5);
  delay.disable();
  return { elapsedMs, longestHoldMs: delay.max / 1e6 };
}

async function runRound(
  built: Built,
  round: number,
  draws: number,
  numbers: typeof defaults,
): Promise<Run[]> {
  // Some sets of chains, used again: many variables would take more memory than the question is worth.
  const sets = Array.from({ length: Math.min(numbers.variables, 20) }, () =>
    Array.from({ length: numbers.chains }, () => sampled(draws)),
  );
  const variables = new Map(
    Array.from({ length: numbers.variables }, (_, index) => [
      `x${index}`,
      sets[index % sets.length] ?? [],
    ]),
  );
  const summaries = new built.Summaries({
    clock: { monotonic: () => performance.now() },
    maxWaitingKeys: 1,
  });
  const compute = async (): Promise<void> => {
    const answer = Object.values(await summaries.request("bench", async () => variables));
    if (answer.length !== numbers.variables || answer.some(({ r_hat }) => r_hat === null))
      throw new Error("a summary is missing");
  };
  try {
    const first = await measured(compute);
    const later = await measured(compute);
    const idle = await measured(() => wait(first.elapsedMs));
    const runs: [Phase, typeof idle][] = [
      ["idle", idle],
      ["first", first],
      ["later", later],
    ];
    return runs.map(([phase, figures]) => ({ round, draws, phase, ...figures }));
  } finally {
    await summaries.stop();
  }
}

/** The machine now and then stops a thread for longer than any code of ours, idle or not: hence the median of the rounds' longest. */
function medianHoldMs(runs: readonly Run[]): number {
  return spread(runs.map((run) => run.longestHoldMs)).median;
}

await runBenchmark(async () => {
  const { numbers, json } = readOptions(defaults);
  const where = surroundings();
  console.log(describe(where));
  console.log(
    `${whole(numbers.variables)} variables × ${numbers.chains} chains, ${numbers.rounds} rounds`,
  );
  const built = (await import(
    new URL("../../dist/services/experiments/summaries.js", import.meta.url).href
  )) as Built;
  const runs: Run[] = [];
  for (let round = 1; round <= numbers.rounds; round++) {
    for (const draws of [1_000, 10_000])
      runs.push(...(await runRound(built, round, draws, numbers)));
  }

  const of = (draws: number, phase: Phase): Run[] =>
    runs.filter((run) => run.draws === draws && run.phase === phase);
  const rows = [1_000, 10_000].flatMap((draws) =>
    (["idle", "first", "later"] as const).map((phase) => {
      const elapsed = spread(of(draws, phase).map((run) => run.elapsedMs));
      const held = spread(of(draws, phase).map((run) => run.longestHoldMs));
      const time = phase === "idle" ? "" : whole(elapsed.median);
      return [
        `${whole(draws)} draws, ${phase}`,
        time,
        phase === "idle" ? "" : whole(elapsed.max),
        held.median.toFixed(1),
        held.max.toFixed(1),
      ];
    }),
  );
  console.log(`\n${table([["", "ms", "at most", "event loop held, ms", "at most"], ...rows])}`);

  const medianMs = spread(of(1_000, "first").map((run) => run.elapsedMs)).median;
  const longestHoldMs = Math.max(
    ...[1_000, 10_000].flatMap((draws) => [
      medianHoldMs(of(draws, "first")),
      medianHoldMs(of(draws, "later")),
    ]),
  );
  const isStandard = numbers.variables === defaults.variables && numbers.chains === defaults.chains;
  const met = {
    time: isStandard ? medianMs < targetMs : undefined,
    hold: longestHoldMs < targetHoldMs,
  };
  console.log("");
  if (isStandard)
    console.log(
      `target: 1,000 draws in under ${whole(targetMs)} ms: ${whole(medianMs)} ms, ${met.time ? "met" : "missed"}`,
    );
  console.log(
    `target: event loop held under ${targetHoldMs} ms: ${longestHoldMs.toFixed(1)} ms, ${met.hold ? "met" : "missed"}`,
  );
  writeJson(json, { ...where, options: numbers, targetMs, targetHoldMs, met, runs });
});
