/** One large post in its own process, while `/healthz` is asked all the time. */
import { Agent, request } from "node:http";
import { reportToBenchmark } from "../load-process.ts";
import { cpuSeconds, residentKib } from "../process-figures.ts";

/** Handed over as JSON in the first argument. */
export interface PostTask {
  readonly port: number;
  readonly serverPid: number;
  /** About the size of each body. */
  readonly bodyBytes: number;
  readonly posts: number;
  /** Each body is a multiple of the one before: it repeats everything. */
  readonly cumulative: boolean;
}

export interface PostResult {
  readonly samples: number;
  readonly bodyBytes: number;
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  /** Times to answer `/healthz` while posts were being sent and stored, in ms. */
  readonly healthMs: readonly number[];
  readonly peakKib: number;
}

const variables = 10;
const probeEveryMs = 5;
const value = "-1.2345678901234567";

function vars(perVariable: number): string {
  const list = new Array(perVariable).fill(value).join(",");
  return Array.from({ length: variables }, (_, at) => `"v${at}":[${list}]`).join(",");
}

function bodyOf(from: number, to: number): Buffer {
  const logs = `{"vars":{"c":{${vars(to - from + 1)}}},"iteration":{"c":[${from},${to},1]}}`;
  return Buffer.from(
    `{"payload":{"object_type":"experiment.protobuf_message","logs":${logs},"batch_id":"b","run_id":"r"}}`,
  );
}

async function ask(port: number, agent: Agent, path: string, body?: Buffer): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const method = body === undefined ? "GET" : "POST";
    const headers = body === undefined ? {} : { "content-length": body.length };
    const asked = request({ port, host: "127.0.0.1", path, method, agent, headers }, (answer) => {
      answer.resume();
      answer.on("end", () =>
        answer.statusCode === 200 ? resolve() : reject(new Error(`${path}: ${answer.statusCode}`)),
      );
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

async function run(task: PostTask): Promise<PostResult> {
  const { port, serverPid, posts, cumulative } = task;
  const agent = new Agent({ keepAlive: true, maxSockets: 2 });
  const probes = new Agent({ keepAlive: true, maxSockets: 1 });
  const perPost = Math.max(1, Math.floor(task.bodyBytes / variables / (value.length + 1)));
  await ask(port, probes, "/healthz");
  const healthMs: number[] = [];
  let [done, peakKib, bytes] = [false, 0, 0];
  const probing = (async () => {
    while (!done) {
      const begin = performance.now();
      await ask(port, probes, "/healthz");
      healthMs.push(performance.now() - begin);
      peakKib = Math.max(peakKib, residentKib(serverPid));
      await new Promise((resolve) => setTimeout(resolve, probeEveryMs));
    }
  })();
  const cpuBefore = cpuSeconds(serverPid);
  const begin = performance.now();
  for (let nth = 0; nth < posts; nth++) {
    const body = bodyOf(cumulative ? 1 : nth * perPost + 1, (nth + 1) * perPost);
    bytes += body.length;
    await ask(port, agent, "/api/object/large", body);
  }
  const wallSeconds = (performance.now() - begin) / 1000;
  const cpu = cpuSeconds(serverPid) - cpuBefore;
  done = true;
  await probing;
  probes.destroy();
  agent.destroy();
  const samples = perPost * variables * posts;
  return { samples, bodyBytes: bytes, cpuSeconds: cpu, wallSeconds, healthMs, peakKib };
}

await reportToBenchmark(run);
