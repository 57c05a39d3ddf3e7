/** `npm run bench:overview`: what a watcher of the admin's overview costs a server with many idle connections, and one with busy experiments. */
import { setTimeout as wait } from "node:timers/promises";
import { WebSocket } from "ws";
import type { ExperimentsResult, ExperimentsTask } from "./load/experiments-load.ts";
import type { IdleResult, IdleTask } from "./load/idle-load.ts";
import { LoadProcess } from "./load-process.ts";
import { readOptions, runBenchmark } from "./options.ts";
import { cpuSeconds } from "./process-figures.ts";
import { ServerProcess } from "./server-process.ts";
import { spread, table, whole } from "./statistics.ts";
import { describe, surroundings, writeJson } from "./surroundings.ts";

/** What watching may cost, as a share of one core. */
const targetShare = 0.05;

/** Between two measurements, for what the one before has left behind. */
const pauseMs = 2_000;

/** Busy experiments have run for so long before anything is measured. */
const warmUpMs = 10_000;

interface Run {
  readonly busy: boolean;
  readonly round: number;
  /** Of one core, without and with a watcher. */
  readonly without: number;
  readonly watched: number;
  /** Reports that came, of one node one a second. */
  readonly reports: number;
}

async function share(pid: number, seconds: number): Promise<number> {
  const [cpuBefore, begin] = [cpuSeconds(pid), performance.now()];
  await wait(seconds * 1_000);
  return ((cpuSeconds(pid) - cpuBefore) * 1_000) / (performance.now() - begin);
}

/** The same while an overview is watched; throws if the reports do not come. */
async function watchedShare(
  server: ServerProcess,
  seconds: number,
  connections: number,
): Promise<{ share: number; reports: number }> {
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}/admin`, { perMessageDeflate: false });
  let [reports, connected] = [0, 0];
  socket.on("message", (data: Buffer) => {
    reports++;
    connected = (JSON.parse(data.toString()) as { connections: number }).connections;
  });
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  socket.send('{"type":"overview"}');
  await wait(pauseMs);
  reports = 0;
  const measured = await share(server.pid, seconds);
  const during = reports;
  socket.terminate();
  // One a second, unless the server waits long for its core.
  if (during < seconds / 2 || connected < connections)
    throw new Error(`${during} reports in ${seconds} s, the last of ${connected} connections`);
  return { share: measured, reports: during };
}

async function measure(
  server: ServerProcess,
  busy: boolean,
  numbers: { rounds: number; seconds: number; connections: number },
): Promise<Run[]> {
  const runs: Run[] = [];
  for (let round = 1; round <= numbers.rounds; round++) {
    // In turns, so that whatever drifts does so for both.
    const watchedFirst = round % 2 === 0;
    await wait(pauseMs);
    const before = watchedFirst ? undefined : await share(server.pid, numbers.seconds);
    const { share: watched, reports } = await watchedShare(
      server,
      numbers.seconds,
      numbers.connections,
    );
    if (watchedFirst) await wait(pauseMs);
    const without = before ?? (await share(server.pid, numbers.seconds));
    runs.push({ busy, round, without, watched, reports });
    console.log(
      `round ${round}, ${what(busy)}: ${percent(without)} without, ${percent(watched)} with a watcher`,
    );
  }
  return runs;
}

function what(busy: boolean): string {
  return busy ? "idle, and busy experiments" : "idle connections";
}

function percent(value: number): string {
  return `${(value * 100).toFixed(2)} %`;
}

await runBenchmark(async () => {
  const { numbers, json } = readOptions({
    rounds: 3,
    connections: 10_000,
    seconds: 25,
    experiments: 50,
    posts: 2,
  });
  const where = surroundings();
  console.log(describe(where));
  const { connections, experiments, posts, seconds } = numbers;
  console.log(
    `${whole(connections)} idle connections; then ${experiments} experiments as well, ${posts} posts a second each; ${seconds} s each`,
  );
  const server = await ServerProcess.start("switchboard");
  const idle = new LoadProcess("idle-load.js", {
    server: "switchboard",
    port: server.port,
    connections,
  } satisfies IdleTask);
  let busy: LoadProcess | undefined;
  const runs: Run[] = [];
  try {
    await idle.result(180_000);
    runs.push(...(await measure(server, false, numbers)));
    busy = new LoadProcess("experiments-load.js", {
      port: server.port,
      experiments,
      postsPerSecond: posts,
    } satisfies ExperimentsTask);
    await busy.result(10_000);
    await wait(warmUpMs);
    runs.push(...(await measure(server, true, numbers)));
    const done = await busy.finish<ExperimentsResult>(10_000);
    if (done.failed > 0)
      throw new Error(`${done.failed} of ${done.posts} posts were not acknowledged`);
    const { lost, firstReason } = await idle.finish<IdleResult>(10_000);
    if (lost > 0)
      throw new Error(`${lost} of ${connections} idle connections were lost: ${firstReason}`);
  } finally {
    await busy?.stop();
    await idle.stop();
    await server.stop();
  }
  const rows = [false, true].map((busy) => {
    const own = runs.filter((run) => run.busy === busy);
    const costs = spread(own.map((run) => run.watched - run.without));
    const shown = [
      spread(own.map((run) => run.without)).median,
      spread(own.map((run) => run.watched)).median,
      costs.median,
      costs.min,
      costs.max,
    ];
    return [what(busy), ...shown.map(percent)];
  });
  console.log("\nshare of one core that the server uses");
  console.log(table([["", "without a watcher", "with one", "difference", "min", "max"], ...rows]));
  const cost = Math.max(
    ...[false, true].map(
      (busy) =>
        spread(runs.filter((run) => run.busy === busy).map((run) => run.watched - run.without))
          .median,
    ),
  );
  const met = cost < targetShare;
  console.log(
    `\ntarget: a watcher costs less than ${percent(targetShare)}: ${percent(cost)}, ${met ? "met" : "missed"}`,
  );
  writeJson(json, { ...where, options: numbers, targetShare, runs, met });
});
