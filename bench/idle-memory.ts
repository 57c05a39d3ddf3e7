/** `npm run bench:idle`: resident memory per idle lobby connection, for Switchboard, a hand-written `ws` loop and Socket.IO. */
import { setTimeout as wait } from "node:timers/promises";
import type { IdleResult, IdleTask } from "./load/idle-load.ts";
import { LoadProcess } from "./load-process.ts";
import { readOptions, runBenchmark } from "./options.ts";
import { residentKib } from "./process-figures.ts";
import { type ServerName, ServerProcess } from "./server-process.ts";
import { spread, table, whole } from "./statistics.ts";
import { describe, surroundings, writeJson } from "./surroundings.ts";

/** What Switchboard may use for one connection, after the idle time. */
const targetKib = 12;

/** Memory has settled when it stayed within 0.5 % for 3 s; after 60 s it is taken as it is. */
const settle = { everyMs: 250, samples: 12, within: 0.005, deadlineMs: 60_000 } as const;

/** How long nothing happens before the second reading. */
const idleMs = 10_000;

interface Run {
  readonly round: number;
  readonly server: ServerName;
  readonly beforeKib: number;
  readonly settledKib: number;
  readonly idleKib: number;
  readonly perConnectionSettledKib: number;
  readonly perConnectionIdleKib: number;
}

async function settledKib(pid: number): Promise<number> {
  const deadline = performance.now() + settle.deadlineMs;
  const recent: number[] = [];
  while (performance.now() < deadline) {
    recent.push(residentKib(pid));
    if (recent.length > settle.samples) recent.shift();
    const { min, max } = spread(recent);
    if (recent.length === settle.samples && max - min <= max * settle.within) break;
    await wait(settle.everyMs);
  }
  return residentKib(pid);
}

async function runOnce(name: ServerName, round: number, connections: number): Promise<Run> {
  const server = await ServerProcess.start(name);
  let load: LoadProcess | undefined;
  try {
    const beforeKib = await settledKib(server.pid);
    load = new LoadProcess("idle-load.js", {
      server: name,
      port: server.port,
      connections,
    } satisfies IdleTask);
    await load.result(180_000);
    const settled = await settledKib(server.pid);
    await wait(idleMs);
    const idle = residentKib(server.pid);
    const { lost, firstReason } = await load.finish<IdleResult>(10_000);
    if (lost > 0)
      throw new Error(`${name} lost ${lost} of ${connections} idle connections: ${firstReason}`);
    const per = (kib: number): number => (kib - beforeKib) / connections;
    const perConnection = {
      perConnectionSettledKib: per(settled),
      perConnectionIdleKib: per(idle),
    };
    return { round, server: name, beforeKib, settledKib: settled, idleKib: idle, ...perConnection };
  } finally {
    await load?.stop();
    await server.stop();
  }
}

await runBenchmark(async () => {
  const { numbers, servers, json } = readOptions({ rounds: 3, connections: 10_000 });
  const where = surroundings();
  console.log(describe(where));
  console.log(`${whole(numbers.connections)} idle connections, ${numbers.rounds} rounds`);
  const runs: Run[] = [];
  for (let round = 1; round <= numbers.rounds; round++) {
    for (const server of servers) {
      const run = await runOnce(server, round, numbers.connections);
      runs.push(run);
      console.log(
        `round ${round}, ${server}: ${run.perConnectionSettledKib.toFixed(2)} kB, idle ${run.perConnectionIdleKib.toFixed(2)} kB`,
      );
    }
  }
  const rows = servers.map((server) => {
    const own = runs.filter((run) => run.server === server);
    const settled = spread(own.map((run) => run.perConnectionSettledKib));
    const idle = spread(own.map((run) => run.perConnectionIdleKib));
    const resident = spread(own.map((run) => run.idleKib)).median / 1_024;
    const before = spread(own.map((run) => run.beforeKib)).median / 1_024;
    const kib = [settled.median, idle.median, idle.min, idle.max].map((value) => value.toFixed(2));
    return [server, ...kib, before.toFixed(0), resident.toFixed(0)];
  });
  console.log(
    "\nresident memory per connection in kB (1,024 bytes), and of the whole process in MB",
  );
  const heading = [
    "server",
    "settled",
    `${idleMs / 1_000} s later`,
    "min",
    "max",
    "MB before",
    "MB with all",
  ];
  console.log(table([heading, ...rows]));
  const ours = spread(
    runs.filter((run) => run.server === "switchboard").map((run) => run.perConnectionIdleKib),
  ).median;
  const met = ours <= targetKib;
  if (servers.includes("switchboard"))
    console.log(
      `\ntarget: at most ${targetKib} kB in all: ${ours.toFixed(2)} kB, ${met ? "met" : "missed"}`,
    );
  writeJson(json, { ...where, options: numbers, targetKib, runs, met });
});
