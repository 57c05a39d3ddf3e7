/** `npm run bench:http-abuse`: what `/healthz`, memory and open files do while one client misuses HTTP. */
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { readOptions, runBenchmark } from "./options.ts";
import { residentKib } from "./process-figures.ts";
import { ServerProcess } from "./server-process.ts";
import { percentile, table, whole } from "./statistics.ts";
import { describe, surroundings, writeJson } from "./surroundings.ts";

const targetP99Ms = 100;
const targetMemoryMiB = 1024;

/** Between two probes. */
const probeEveryMs = 20;

const defaults = { seconds: 5, sockets: 100 };

/** One kind of misuse: begins with open sockets, and goes on until the signal. */
interface Abuse {
  readonly name: string;
  run(sockets: readonly Socket[], ended: AbortSignal): Promise<void>;
}

interface Measured {
  readonly name: string;
  readonly probes: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly longestMs: number;
  readonly mostMiB: number;
  readonly mostFiles: number;
}

const head = (line: string, ...headers: string[]) =>
  [`${line} HTTP/1.1`, "Host: 127.0.0.1", ...headers, "", ""].join("\r\n");

/** Sends to all sockets once, reads nothing of the answers, and stays. */
function unread(name: string, text: string): Abuse {
  return {
    name,
    async run(sockets) {
      for (const socket of sockets) socket.pause().write(text);
    },
  };
}

/** Resolves when the socket takes more, or has gone. */
function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once("drain", resolve).once("close", resolve);
  });
}

/** Sends pieces without end, as fast as they are taken, and reads all answers. */
function endless(name: string, start: string, piece: string): Abuse {
  return {
    name,
    async run(sockets, ended) {
      await Promise.all(
        sockets.map(async (socket) => {
          socket.resume().write(start);
          while (!ended.aborted && !socket.destroyed) {
            if (!socket.write(piece)) await drained(socket);
            await wait(0);
          }
        }),
      );
    },
  };
}

const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;
const chunked = "Transfer-Encoding: chunked";
const long = "Content-Length: 60000000";

function abuses(): Abuse[] {
  const samples = "/experiments/bench/samples?chain=1&variable=x";
  return [
    { name: "nothing", run: async () => {} },
    unread("200 GETs of 4 MB, unread", head(`GET ${samples}`).repeat(200)),
    unread("200 GETs of all contracts, unread", head("GET /admin/contracts").repeat(200)),
    unread("900 GETs of the console, unread", head("GET /console/").repeat(900)),
    unread("900 HEADs of the console, unread", head("HEAD /console/").repeat(900)),
    unread("half a head", "GET /healthz HTTP/1.1\r\nHo"),
    unread("half a body of 60 MB", `${head("POST /api/object/a", long)}"${"a".repeat(4_000_000)}`),
    unread(
      "millions of {}",
      `${head("POST /devices/a/commands", long)}[${"{},".repeat(2_000_000)}`,
    ),
    unread(
      "millions of {}, no token",
      `${head("POST /submit_task", long)}[${"{},".repeat(100_000)}`,
    ),
    endless("bodies nobody reads", head("GET /healthz", chunked), chunk("a".repeat(60_000))),
    endless("log_error, pipelined", "", `${head("POST /log_error", "Content-Length: 2")}{}`),
    endless("404, pipelined", "", head("GET /nowhere").repeat(10)),
  ];
}

/** Time of one `GET /healthz` on a connection of its own kind. */
async function probe(url: string): Promise<number> {
  const begin = performance.now();
  const answer = await fetch(`${url}/healthz`);
  if (answer.status !== 200) throw new Error(`/healthz answered ${answer.status}`);
  await answer.text();
  return performance.now() - begin;
}

async function open(port: number, count: number): Promise<Socket[]> {
  const sockets = Array.from({ length: count }, () => {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => {});
    return socket;
  });
  await Promise.all(sockets.map((socket) => once(socket, "connect")));
  return sockets;
}

async function measure(
  server: ServerProcess,
  abuse: Abuse,
  { seconds, sockets: count }: typeof defaults,
): Promise<Measured> {
  const url = `http://127.0.0.1:${server.port}`;
  const sockets = await open(server.port, count);
  const ending = new AbortController();
  const abusing = abuse.run(sockets, ending.signal);
  const times: number[] = [];
  let mostKib = 0;
  let mostFiles = 0;
  for (const endMs = performance.now() + seconds * 1000; performance.now() < endMs; ) {
    times.push(await probe(url));
    mostKib = Math.max(mostKib, residentKib(server.pid));
    mostFiles = Math.max(mostFiles, readdirSync(`/proc/${server.pid}/fd`).length);
    await wait(probeEveryMs);
  }
  ending.abort();
  for (const socket of sockets) socket.destroy();
  await abusing;
  return {
    name: abuse.name,
    probes: times.length,
    p50Ms: percentile(times, 0.5),
    p99Ms: percentile(times, 0.99),
    longestMs: Math.max(...times),
    mostMiB: mostKib / 1024,
    mostFiles,
  };
}

/** Stores one variable whose samples are an answer of some 4 MB. */
async function storeSamples(port: number): Promise<void> {
  const values = Array.from({ length: 400_000 }, (_, n) => n + 0.5);
  const logs = { vars: { 1: { x: values } }, iteration: { 1: [0, values.length - 1, 1] } };
  const payload = { object_type: "experiment.protobuf_message", logs, batch_id: "b", run_id: "r" };
  const answer = await fetch(`http://127.0.0.1:${port}/api/object/bench`, {
    method: "POST",
    body: JSON.stringify({ payload }),
  });
  if (!answer.ok) throw new Error(`the samples were not stored: ${await answer.text()}`);
}

await runBenchmark(async () => {
  const { numbers, json } = readOptions(defaults);
  const where = surroundings();
  console.log(describe(where));
  console.log(`${numbers.sockets} sockets of one address, ${numbers.seconds} s of each`);
  const runs: Measured[] = [];
  for (const abuse of abuses()) {
    const server = await ServerProcess.start("switchboard");
    try {
      await storeSamples(server.port);
      const run = await measure(server, abuse, numbers);
      console.log(`${run.name}: ${run.probes} probes, p99 ${run.p99Ms.toFixed(1)} ms`);
      runs.push(run);
    } finally {
      await server.stop();
    }
  }
  console.log(
    table([
      ["misuse", "p50 ms", "p99 ms", "longest ms", "MiB", "files", "met"],
      ...runs.map((run) => [
        run.name,
        run.p50Ms.toFixed(1),
        run.p99Ms.toFixed(1),
        run.longestMs.toFixed(1),
        whole(run.mostMiB),
        whole(run.mostFiles),
        run.p99Ms < targetP99Ms && run.mostMiB < targetMemoryMiB ? "yes" : "NO",
      ]),
    ]),
  );
  writeJson(json, { where, numbers, runs });
});
