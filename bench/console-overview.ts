/**
 * `npm run bench:console`: how long the console's overview takes to redraw in Chromium, per update, on a server with nobody, and on one with many idle
 * connections and busy experiments.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { type Browser, chromium, type Page } from "playwright-core";
import type { ExperimentsResult, ExperimentsTask } from "./load/experiments-load.ts";
import type { IdleResult, IdleTask } from "./load/idle-load.ts";
import { LoadProcess } from "./load-process.ts";
import { readOptions, runBenchmark } from "./options.ts";
import { ServerProcess } from "./server-process.ts";
import { spread, table, whole } from "./statistics.ts";
import { describe, surroundings, writeJson } from "./surroundings.ts";
import { redraws } from "./trace-redraws.ts";

/** What one update may cost the page's main thread: script, style, layout and paint together. */
const targetMs = 100;

/** For the first report, and for the code to be compiled. */
const warmUpMs = 5_000;

interface Phase {
  readonly what: string;
  /** That the page shows; so it is this server's overview. */
  readonly connections: number;
  /** Main-thread time from each report to the next, which is all that the page did in that second. */
  readonly redrawMs: readonly number[];
  /** The longest task of each of them: so long no key is answered. */
  readonly longestTaskMs: readonly number[];
}

async function measure(
  browser: Browser,
  page: Page,
  what: string,
  seconds: number,
): Promise<Phase> {
  await wait(warmUpMs);
  await browser.startTracing(page, {
    categories: ["toplevel", "devtools.timeline", "disabled-by-default-devtools.timeline"],
  });
  await wait(seconds * 1_000);
  const found = redraws((await browser.stopTracing()).toString());
  if (found.length < seconds / 2) throw new Error(`${found.length} updates in ${seconds} s`);
  const shown = await page
    .locator(".figure", { hasText: "refused" })
    .locator("strong")
    .textContent();
  const phase = {
    what,
    connections: Number(shown?.replace("K", "e3").replace(",", "")),
    redrawMs: found.map(({ totalMs }) => totalMs),
    longestTaskMs: found.map(({ longestTaskMs }) => longestTaskMs),
  };
  console.log(
    `${what}: ${spread(phase.redrawMs).median.toFixed(1)} ms per update, ${phase.redrawMs.length} updates`,
  );
  return phase;
}

await runBenchmark(async () => {
  const { numbers, json } = readOptions({
    connections: 10_000,
    seconds: 20,
    experiments: 50,
    posts: 2,
  });
  const where = surroundings();
  console.log(describe(where));
  if (!existsSync("dist/console/index.html"))
    throw new Error("dist/console is missing: npm run build:console first");
  const { connections, experiments, posts, seconds } = numbers;
  const server = await ServerProcess.start("switchboard");
  const executablePath = spawnSync("sh", ["-c", "command -v chromium"], {
    encoding: "utf8",
  }).stdout.trim();
  const browser = await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  });
  const loads: LoadProcess[] = [];
  const phases: Phase[] = [];
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await page.goto(`http://127.0.0.1:${server.port}/console/`);
    await page.getByText("nobody is connected").waitFor();
    phases.push(await measure(browser, page, "nobody", seconds));
    const idle = new LoadProcess("idle-load.js", {
      server: "switchboard",
      port: server.port,
      connections,
    } satisfies IdleTask);
    loads.push(idle);
    await idle.result(180_000);
    const busy = new LoadProcess("experiments-load.js", {
      port: server.port,
      experiments,
      postsPerSecond: posts,
    } satisfies ExperimentsTask);
    loads.push(busy);
    await busy.result(10_000);
    phases.push(
      await measure(
        browser,
        page,
        `${whole(connections)} connections, ${experiments} busy experiments`,
        seconds,
      ),
    );
    if ((phases[1]?.connections ?? 0) < connections)
      throw new Error(`the page shows ${phases[1]?.connections} connections`);
    const done = await busy.finish<ExperimentsResult>(10_000);
    if (done.failed > 0)
      throw new Error(`${done.failed} of ${done.posts} posts were not acknowledged`);
    const { lost, firstReason } = await idle.finish<IdleResult>(10_000);
    if (lost > 0)
      throw new Error(`${lost} of ${connections} idle connections were lost: ${firstReason}`);
  } finally {
    await browser.close();
    for (const load of loads) await load.stop();
    await server.stop();
  }
  const rows = phases.map(({ what, redrawMs, longestTaskMs }) => {
    const { median, max } = spread(redrawMs);
    return [what, ...[median, max, spread(longestTaskMs).max].map((ms) => `${ms.toFixed(1)} ms`)];
  });
  console.log("\nmain-thread time of one update of the overview");
  console.log(table([["", "median", "max", "longest task"], ...rows]));
  const worst = Math.max(...phases.flatMap(({ redrawMs }) => redrawMs));
  const met = worst < targetMs;
  console.log(
    `\ntarget: an update takes less than ${targetMs} ms: at most ${worst.toFixed(1)} ms, ${met ? "met" : "missed"}`,
  );
  writeJson(json, { ...where, options: numbers, targetMs, phases, met });
});
