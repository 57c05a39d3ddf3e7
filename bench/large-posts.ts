/** `npm run bench:posts`: posts of any size, and what they cost everybody else. */
import type { PostResult, PostTask } from "./load/post-load.ts";
import { LoadProcess } from "./load-process.ts";
import { readOptions, runBenchmark } from "./options.ts";
import { ServerProcess } from "./server-process.ts";
import { percentile, table, whole } from "./statistics.ts";
import { describe, surroundings, writeJson } from "./surroundings.ts";

/** For every size of body. */
const targets = { healthP99Ms: 100, peakMb: 1000 } as const;

const sizes = [
  { name: "1 kB", bodyBytes: 1000, posts: 500 },
  { name: "100 kB", bodyBytes: 100_000, posts: 100 },
  { name: "10 MB", bodyBytes: 10_000_000, posts: 3 },
  { name: "200 MB", bodyBytes: 200_000_000, posts: 1 },
] as const;

async function runOnce(task: Omit<PostTask, "port" | "serverPid">): Promise<PostResult> {
  const server = await ServerProcess.start("switchboard");
  const load = new LoadProcess("post-load.js", {
    ...task,
    port: server.port,
    serverPid: server.pid,
  } satisfies PostTask);
  try {
    return await load.result<PostResult>(300_000);
  } finally {
    await load.stop();
    await server.stop();
  }
}

await runBenchmark(async () => {
  const { json } = readOptions({});
  const where = surroundings();
  console.log(describe(where));
  const runs: (PostResult & { readonly size: string })[] = [];
  for (const { name, bodyBytes, posts } of sizes)
    runs.push({ size: name, ...(await runOnce({ bodyBytes, posts, cumulative: false })) });
  const rows = runs.map(({ size, samples, cpuSeconds, healthMs, peakKib }) => [
    size,
    whole(samples / cpuSeconds),
    percentile(healthMs, 0.5).toFixed(1),
    percentile(healthMs, 0.99).toFixed(1),
    Math.max(...healthMs).toFixed(1),
    whole(peakKib / 1024),
  ]);
  const heading = ["body", "samples/CPU-s", "/healthz p50 ms", "p99", "longest", "MB at most"];
  console.log(`\n${table([heading, ...rows])}`);
  const met = runs.every(
    ({ healthMs, peakKib }) =>
      percentile(healthMs, 0.99) < targets.healthP99Ms && peakKib / 1024 < targets.peakMb,
  );
  console.log(
    `\ntarget /healthz p99 under ${targets.healthP99Ms} ms and under ${targets.peakMb} MB: ${met ? "met" : "missed"}`,
  );
  writeJson(json, { ...where, targets, runs });
});
