/** `npm run bench:soak`: minutes of churn on all services, and whether anything grows; see bench/README.md. */
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { fetchContracts } from "../fuzz/contracts.ts";
import { Load } from "../fuzz/load.ts";
import { Surface } from "../fuzz/surface.ts";
import { runBenchmark } from "../options.ts";
import { table, whole } from "../statistics.ts";
import { writeJson } from "../surroundings.ts";
import { Bystanders } from "../watch/bystanders.ts";
import { WatchedServer } from "../watch/watched-server.ts";
import { Churn } from "./churn.ts";
import { growths, type Reading } from "./trend.ts";

/** How many readings there are after the warm-up; the time is divided between them. */
const readings = 8;

/** After the load, what the server's config makes wait has gone. */
const restMs = 5000;

/** Longest wait for the last connections to go. */
const goneMs = 45_000;

/** Lobby 1, devices 2, experiments 1, tracking 2, crowd 1, admin 1. */
const bystanderConnections = 8;

function options() {
  const { values } = parseArgs({
    options: {
      minutes: { type: "string", default: "10" },
      seed: { type: "string", default: "1" },
      clients: { type: "string", default: "4" },
      concurrency: { type: "string", default: "24" },
      auth: { type: "string", default: "on" },
      json: { type: "string" },
    },
  });
  const [minutes, seed, clients, concurrency] = [
    Number(values.minutes),
    Number(values.seed),
    Number(values.clients),
    Number(values.concurrency),
  ];
  for (const [name, value] of Object.entries({ minutes, seed, clients, concurrency }))
    if (!(value > 0)) throw new Error(`--${name}: give a number above 0`);
  if (values.auth !== "on" && values.auth !== "off")
    throw new Error(`--auth ${values.auth}: give on or off`);
  return { minutes, seed, clients, concurrency, auth: values.auth === "on", json: values.json };
}

/** Reads all figures when the clients have left but the bystanders. */
async function read(server: WatchedServer, minute: number): Promise<Reading> {
  await wait(restMs);
  const endMs = performance.now() + goneMs;
  let connections = await server.connections();
  while (connections > bystanderConnections && performance.now() < endMs) {
    await wait(250);
    connections = await server.connections();
  }
  const { figures, objects } = await server.ask("objects");
  if (figures === undefined || objects === undefined) throw new Error("the probe gave no figures");
  return {
    minute,
    heapUsedBytes: figures.heapUsedBytes,
    rssBytes: figures.rssBytes,
    externalBytes: figures.externalBytes,
    descriptors: server.descriptors(),
    handles: Object.values(figures.resources).reduce((sum, count) => sum + count, 0),
    timers: figures.resources.Timeout ?? 0,
    connections,
    entries: objects.entries,
    objects: objects.counts,
  };
}

const mb = (bytes: number): string => (bytes / 1e6).toFixed(1);

function row(reading: Reading, stays: number, inputs: number): readonly string[] {
  const { minute, heapUsedBytes, rssBytes, externalBytes, descriptors } = reading;
  return [
    minute.toFixed(1),
    mb(heapUsedBytes),
    mb(rssBytes),
    mb(externalBytes),
    whole(descriptors),
    whole(reading.handles),
    whole(reading.timers),
    whole(reading.connections),
    whole(reading.entries),
    whole(stays),
    whole(inputs),
  ];
}

const heading = [
  "minute",
  "heap MB",
  "RSS MB",
  "external MB",
  "descriptors",
  "handles",
  "timers",
  "connections",
  "entries of maps",
  "stays",
  "wrong inputs",
];

await runBenchmark(async () => {
  const { minutes, seed, clients, concurrency, auth, json } = options();
  const server = await WatchedServer.start(auth);
  let bystanders: Bystanders | undefined;
  try {
    const place = { url: server.url, token: server.token };
    bystanders = await Bystanders.start(place);
    const surface = new Surface(await fetchContracts(server.url, server.token), server.token);
    const load = new Load(seed, 0, surface, server.port, concurrency);
    const churn = new Churn(place, clients);
    const taken: Reading[] = [];
    const rows: (readonly string[])[] = [];
    const begin = performance.now();
    const minute = (): number => (performance.now() - begin) / 60_000;
    // The first of them is the warm-up.
    for (let turn = 0; turn <= readings; turn++) {
      churn.start();
      await load.sendFor((minutes * 60_000) / (readings + 1) - restMs);
      await churn.stop();
      if (server.ended !== undefined)
        throw new Error(`the server ended: ${server.lastOutput.slice(-2000)}`);
      const reading = await read(server, minute());
      rows.push(row(reading, churn.stays, load.inputs));
      console.error(heading.map((name, n) => `${name} ${rows.at(-1)?.[n]}`).join(", "));
      if (turn > 0) taken.push(reading);
    }
    console.log(`\n${table([heading, ...rows])}\n`);
    const grown = growths(taken);
    for (const { what, from, to, grown: has } of grown)
      console.log(
        `${has ? "BROKEN" : "holds "}  ${what} does not grow: ${whole(from)} → ${whole(to)}`,
      );
    const reports = await bystanders.stop();
    const faults = [
      ...reports.flatMap(({ faults: missed }) => missed),
      ...churn.faults,
      ...server.log.faults,
      ...load.wrongAnswers.map(({ faults: wrong }) => wrong.join("; ")),
    ];
    console.log(
      `${faults.length > 0 ? "BROKEN" : "holds "}  no client misses anything, no error in the log: ${faults.slice(0, 5).join("\n        ") || "none"}`,
    );
    writeJson(json, { minutes, seed, auth, readings: taken });
    if (faults.length > 0 || grown.some(({ grown: has }) => has)) process.exitCode = 1;
  } finally {
    await bystanders?.kill();
    await server.kill();
  }
  process.exit();
});
