/** The bystander, in its own process: two viewers of a lobby of their own, one sends updates, the other times how long they take. */
import { Agent, get } from "node:http";
import { connect, createServer, type Socket } from "node:net";
import { reportToBenchmark } from "../load-process.ts";
import { lobbyDialect } from "./dialect.ts";
import { newReadBuffer } from "./raw-client.ts";
import { Viewer } from "./viewer.ts";

export interface ProbeTask {
  readonly port: number;
  readonly lobbyId: number;
  /** One update every so often, whether or not the one before has arrived: a stall counts for each update that it holds up. */
  readonly everyMs: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

export interface ProbeResult {
  /** From the write of each update to the bystander's `refresh`, in ms. */
  readonly latenciesMs: readonly number[];
  /** The same at the same times over a loopback connection of this process with itself: what the probe's own core adds. */
  readonly ownMs: readonly number[];
  /** How long each `GET /healthz` took, in ms, over one connection that is kept. */
  readonly healthMs: readonly number[];
}

/** A request to `/healthz` leaves this often, if the one before has been answered. */
const healthEveryMs = 20;

/** How long after the last update the last `refresh` may come. */
const lastDeadlineMs = 60_000;

/** Times things that arrive in the order in which they left. */
class Stopwatch {
  readonly latenciesMs: number[] = [];
  /** From when on what leaves counts. */
  measureFrom = Number.POSITIVE_INFINITY;
  readonly #underWay: number[] = [];

  get underWay(): number {
    return this.#underWay.length;
  }

  left(): void {
    this.#underWay.push(performance.now());
  }

  /** False if nothing was under way. */
  arrived(): boolean {
    const leftAt = this.#underWay.shift();
    if (leftAt === undefined) return false;
    if (leftAt >= this.measureFrom) this.latenciesMs.push(performance.now() - leftAt);
    return true;
  }
}

/** A connection of this process with itself; `arrived` is called for each byte. */
async function ownConnection(arrived: () => void): Promise<Socket> {
  const server = createServer((socket) => {
    socket.on("data", (bytes) => {
      for (let byte = 0; byte < bytes.length; byte++) arrived();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string")
    throw new Error("the probe's own listener has no port");
  return connect(address.port, "127.0.0.1").setNoDelay(true);
}

/** Times requests to `/healthz` until `isDone`; rejects if one is not answered. */
async function watchHealth(
  port: number,
  measureFrom: () => number,
  isDone: () => boolean,
): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const healthMs: number[] = [];
  while (!isDone()) {
    const leftAt = performance.now();
    await new Promise<void>((resolve, reject) => {
      const options = { port, host: "127.0.0.1", path: "/healthz", agent, timeout: lastDeadlineMs };
      const request = get(options, (response) => response.resume().once("end", resolve));
      request.once("error", reject);
      request.once("timeout", () => request.destroy(new Error("/healthz was not answered")));
    });
    if (leftAt >= measureFrom()) healthMs.push(performance.now() - leftAt);
    await new Promise((resolve) => setTimeout(resolve, healthEveryMs));
  }
  agent.destroy();
  return healthMs;
}

async function probe(task: ProbeTask): Promise<ProbeResult> {
  const dialect = lobbyDialect(task.lobbyId);
  const readBuffer = newReadBuffer();
  const updates = new Stopwatch();
  const own = new Stopwatch();
  const ownSocket = await ownConnection(() => own.arrived());
  return await new Promise<ProbeResult>((resolve, reject) => {
    let sending = true;
    const health = watchHealth(
      task.port,
      () => updates.measureFrom,
      () => !sending,
    );
    health.catch(reject);
    const settle = (): void => {
      if (sending || updates.underWay > 0) return;
      const { latenciesMs } = updates;
      void health.then((healthMs) => resolve({ latenciesMs, ownMs: own.latenciesMs, healthMs }));
    };
    const failed = (reason: string): void =>
      reject(new Error(`the bystander lost its connection: ${reason}`));
    const refreshed = (): void => {
      if (!updates.arrived()) reject(new Error("the bystander got a refresh that nobody had sent"));
      settle();
    };
    const sender = new Viewer(task.port, dialect, { refreshed: () => {}, failed }, readBuffer);
    const bystander = new Viewer(task.port, dialect, { refreshed, failed }, readBuffer);
    Promise.all([sender.joined, bystander.joined]).then(() => {
      const measureFrom = performance.now() + task.warmUpSeconds * 1_000;
      updates.measureFrom = measureFrom;
      own.measureFrom = measureFrom;
      const end = measureFrom + task.seconds * 1_000;
      const timer = setInterval(() => {
        if (performance.now() < end) {
          updates.left();
          sender.write(dialect.update);
          own.left();
          ownSocket.write(".");
          return;
        }
        clearInterval(timer);
        sending = false;
        settle();
        setTimeout(
          () => reject(new Error(`the bystander never got ${updates.underWay} of its refreshes`)),
          lastDeadlineMs,
        );
      }, task.everyMs);
    }, reject);
  });
}

await reportToBenchmark(probe);
