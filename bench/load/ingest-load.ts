/** The load of one ingest run, in its own process: publishes over HTTP while one variable is watched, then reads single variables. */
import { Agent, request as httpRequest } from "node:http";
import { WebSocket } from "ws";
import { reportToBenchmark } from "../load-process.ts";
import { cpuSeconds } from "../process-figures.ts";

/** Handed over as JSON in the first argument. */
export interface IngestTask {
  readonly port: number;
  readonly serverPid: number;
  readonly chains: number;
  /** In each chain. */
  readonly variables: number;
  readonly draws: number;
  /** Posts before measuring, and in all. */
  readonly warmUp: number;
  readonly posts: number;
  /** Each post holds everything so far. */
  readonly cumulative: boolean;
  /** Single variables read afterwards. */
  readonly reads: number;
}

export interface IngestResult {
  /** New samples while measuring. */
  readonly samples: number;
  /** Bytes of the bodies that brought them. */
  readonly bodyBytes: number;
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  /** What the watcher of one variable got: frames with samples, all their bytes, and the JSON text of the values as it was published. */
  readonly watched: {
    readonly frames: number;
    readonly frameBytes: number;
    readonly valueBytes: number;
  };
  /** From asking for one variable to having all its samples, in ms. */
  readonly readMs: readonly number[];
}

const xid = "bench";
const deadlineMs = 120_000;

interface EventItem {
  readonly data: Readonly<Record<string, readonly unknown[]>>;
  readonly from: Readonly<Record<string, number>>;
}

/** A subscriber that has been greeted. */
class Watcher {
  readonly #socket: WebSocket;
  readonly #arrived: { text: string; bytes: number }[] = [];
  #wake: (() => void) | undefined;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data: Buffer) => {
      this.#arrived.push({
        text: data.toString(),
        bytes: data.length + (data.length < 126 ? 2 : data.length < 65_536 ? 4 : 10),
      });
      this.#wake?.();
    });
  }

  static async open(port: number): Promise<Watcher> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/experiments/${xid}`, {
      perMessageDeflate: false,
    });
    const watcher = new Watcher(socket);
    await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
    watcher.send({ action: "authorization", token: "" });
    await watcher.next("experiment:output");
    await watcher.next("names");
    return watcher;
  }

  send(message: object): void {
    this.#socket.send(JSON.stringify(message));
  }

  /** The next frame of this action; others are passed over. */
  async next(
    action: string,
  ): Promise<{ readonly items: readonly EventItem[]; readonly bytes: number }> {
    const end = performance.now() + deadlineMs;
    for (;;) {
      const frame = this.#arrived.shift();
      if (frame === undefined) {
        if (performance.now() > end) throw new Error(`no ${action} within ${deadlineMs} ms`);
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, 1000);
          this.#wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
        continue;
      }
      if (!frame.text.startsWith(`{"message":{"action":"${action}"`)) continue;
      return {
        items: (JSON.parse(frame.text) as { message: { data: EventItem[] } }).message.data,
        bytes: frame.bytes,
      };
    }
  }

  close(): void {
    this.#socket.terminate();
  }
}

/** The values of one variable as text, the same for all, with the spelling of a sampler's. */
function valuesText(draws: number): string {
  let state = 1;
  const random = (): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  const values = Array.from(
    { length: draws },
    () => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random()),
  );
  return values.map((value) => JSON.stringify(value)).join(",");
}

function body(task: IngestTask, nth: number, values: string): string {
  const { chains, variables, draws, cumulative } = task;
  const list = `[${cumulative ? Array.from({ length: nth + 1 }, () => values).join(",") : values}]`;
  const names = Array.from({ length: variables }, (_, at) => `"theta[${at}]/val":${list}`).join(
    ",",
  );
  const all = Array.from({ length: chains }, (_, at) => `"chain_${at}":{${names}}`).join(",");
  const first = cumulative ? 1 : nth * draws + 1;
  const iteration = Array.from(
    { length: chains },
    (_, at) => `"chain_${at}":[${first},${(nth + 1) * draws},1234567890123456789${at}]`,
  );
  const logs = `{"vars":{${all}},"iteration":{${iteration.join(",")}}}`;
  return `{"payload":{"object_type":"experiment.protobuf_message","logs":${logs},"batch_id":"b","run_id":"r"}}`;
}

async function post(port: number, agent: Agent, text: string): Promise<void> {
  const bytes = Buffer.from(text);
  await new Promise<void>((resolve, reject) => {
    const options = {
      port,
      host: "127.0.0.1",
      path: `/api/object/${xid}`,
      method: "POST",
      agent,
      headers: { "content-length": bytes.length },
    };
    const request = httpRequest(options, (response) => {
      let answer = "";
      response.setEncoding("utf8").on("data", (piece: string) => {
        answer += piece;
      });
      response.on("end", () =>
        response.statusCode === 200
          ? resolve()
          : reject(new Error(`${response.statusCode} ${answer}`)),
      );
    });
    request.on("error", reject);
    request.end(bytes);
  });
}

async function run(task: IngestTask): Promise<IngestResult> {
  const { port, serverPid, posts, warmUp, draws, chains, variables } = task;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const values = valuesText(draws);
  const watcher = await Watcher.open(port);
  watcher.send({ action: "subscribe", data: [{ chain: "chain_0", variables: ["theta[0]/val"] }] });
  let [cpuBefore, begin, bodyBytes] = [0, 0, 0];
  for (let nth = 0; nth < posts; nth++) {
    if (nth === warmUp) {
      cpuBefore = cpuSeconds(serverPid);
      begin = performance.now();
      bodyBytes = 0;
    }
    const text = body(task, nth, values);
    bodyBytes += text.length;
    await post(port, agent, text);
  }
  const cpu = cpuSeconds(serverPid) - cpuBefore;
  const wallSeconds = (performance.now() - begin) / 1_000;

  const watched = { frames: 0, frameBytes: 0, valueBytes: posts * (values.length + 1) };
  for (let next = 0; next < posts * draws; ) {
    const { items, bytes } = await watcher.next("experiment:event");
    const [item] = items;
    const from = item?.from["theta[0]/val"];
    if (items.length !== 1 || item === undefined || from !== next)
      throw new Error(`samples from ${from} came where ${next} was due`);
    next += item.data["theta[0]/val"]?.length ?? 0;
    watched.frames++;
    watched.frameBytes += bytes;
  }

  const readMs: number[] = [];
  for (let nth = 0; nth < task.reads; nth++) {
    const [chain, name] = [`chain_${nth % chains}`, `theta[${(nth * 7) % variables}]/val`];
    const reader = await Watcher.open(port);
    const beginMs = performance.now();
    reader.send({ action: "subscribe", data: [{ chain, variables: [name] }] });
    for (let had = 0; had < posts * draws; )
      had += (await reader.next("experiment:event")).items[0]?.data[name]?.length ?? 0;
    readMs.push(performance.now() - beginMs);
    reader.close();
  }
  watcher.close();
  agent.destroy();
  return {
    samples: (posts - warmUp) * draws * chains * variables,
    bodyBytes,
    cpuSeconds: cpu,
    wallSeconds,
    watched,
    readMs,
  };
}

await reportToBenchmark(run);
