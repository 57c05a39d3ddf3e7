/** The bystander, in its own process: two viewers of a lobby of their own, one sends updates, the other times how long they take. */
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
}

/** How long after the last update the last `refresh` may come. */
const lastDeadlineMs = 60_000;

async function probe(task: ProbeTask): Promise<ProbeResult> {
  const dialect = lobbyDialect(task.lobbyId);
  const readBuffer = newReadBuffer();
  /** When the updates were written whose `refresh` is still to come, oldest first. */
  const underWay: number[] = [];
  const latenciesMs: number[] = [];
  return await new Promise<ProbeResult>((resolve, reject) => {
    const failed = (reason: string): void => reject(new Error(`the bystander lost its connection: ${reason}`));
    let sending = true;
    const refreshed = (): void => {
      const sentAt = underWay.shift();
      if (sentAt === undefined) reject(new Error("the bystander got a refresh that nobody had sent"));
      else if (sentAt >= measureFrom) latenciesMs.push(performance.now() - sentAt);
      if (!sending && underWay.length === 0) resolve({ latenciesMs });
    };
    const sender = new Viewer(task.port, dialect, { refreshed: () => {}, failed }, readBuffer);
    const bystander = new Viewer(task.port, dialect, { refreshed, failed }, readBuffer);
    let measureFrom = Number.POSITIVE_INFINITY;
    Promise.all([sender.joined, bystander.joined]).then(() => {
      measureFrom = performance.now() + task.warmUpSeconds * 1_000;
      const end = measureFrom + task.seconds * 1_000;
      const timer = setInterval(() => {
        const now = performance.now();
        if (now < end) {
          underWay.push(now);
          sender.write(dialect.update);
          return;
        }
        clearInterval(timer);
        sending = false;
        if (underWay.length === 0) resolve({ latenciesMs });
        setTimeout(() => reject(new Error(`the bystander never got ${underWay.length} of its refreshes`)), lastDeadlineMs);
      }, task.everyMs);
    }, reject);
  });
}

await reportToBenchmark(probe);
