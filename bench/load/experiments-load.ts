/** Busy experiments, in their own process: each is posted new samples at a steady pace, until asked to finish. */
import { Agent, request } from "node:http";
import { reportToBenchmark } from "../load-process.ts";

export interface ExperimentsTask {
  readonly port: number;
  readonly experiments: number;
  /** Of each experiment. */
  readonly postsPerSecond: number;
}

/** Reported when asked to finish. */
export interface ExperimentsResult {
  readonly posts: number;
  /** Posts that were not acknowledged. */
  readonly failed: number;
}

/** In each post. */
const size = { chains: 4, variables: 10, draws: 10 } as const;

let posts = 0;
let failed = 0;

function body(nth: number): string {
  const values = JSON.stringify(
    Array.from({ length: size.draws }, (_, at) => Math.sin(nth * size.draws + at)),
  );
  const names = Array.from(
    { length: size.variables },
    (_, at) => `"theta[${at}]/val":[${values}]`,
  ).join(",");
  const chains = Array.from({ length: size.chains }, (_, at) => `"chain_${at}"`);
  const iteration = `[${nth * size.draws + 1},${(nth + 1) * size.draws},17000000000000000000]`;
  const logs = `{"vars":{${chains.map((chain) => `${chain}:{${names}}`)}},"iteration":{${chains.map((chain) => `${chain}:${iteration}`)}}}`;
  return `{"payload":{"object_type":"experiment.protobuf_message","logs":${logs},"batch_id":"b","run_id":"r"}}`;
}

function post(port: number, agent: Agent, xid: string, text: string): void {
  const headers = { "content-length": Buffer.byteLength(text) };
  const sent = request(
    { host: "127.0.0.1", port, path: `/api/object/${xid}`, method: "POST", agent, headers },
    (response) => {
      posts++;
      if (response.statusCode !== 200) failed++;
      response.resume();
    },
  );
  sent.on("error", () => {
    failed++;
  });
  sent.end(text);
}

await reportToBenchmark(
  async ({ port, experiments, postsPerSecond }: ExperimentsTask) => {
    const agent = new Agent({ keepAlive: true, maxSockets: experiments });
    let nth = 0;
    setInterval(
      () => {
        post(port, agent, `busy${nth % experiments}`, body(Math.floor(nth / experiments)));
        nth++;
      },
      1000 / (experiments * postsPerSecond),
    );
    return {};
  },
  (): ExperimentsResult => ({ posts, failed }),
);
