/** Idle viewers, in their own process: joins them, reports, and keeps them until asked to finish. They answer pings, and that is all. */
import { reportToBenchmark } from "../load-process.ts";
import type { ServerName } from "../server-process.ts";
import { dialectOf } from "./dialect.ts";
import { newReadBuffer } from "./raw-client.ts";
import { joinViewers, Viewer } from "./viewer.ts";

export interface IdleTask {
  readonly server: ServerName;
  readonly port: number;
  readonly connections: number;
}

/** Reported when asked to finish. */
export interface IdleResult {
  /** Connections that ended, or were sent what they must not be. */
  readonly lost: number;
  readonly firstReason: string;
}

let lost = 0;
let firstReason = "";

await reportToBenchmark(
  async (task: IdleTask) => {
    const readBuffer = newReadBuffer();
    const dialect = dialectOf(task.server);
    const failed = (reason: string): void => {
      if (lost === 0) firstReason = reason;
      lost++;
    };
    const viewers = await joinViewers(
      task.connections,
      () => new Viewer(task.port, dialect, { refreshed: () => {}, failed }, readBuffer),
    );
    return { joined: viewers.length };
  },
  (): IdleResult => ({ lost, firstReason }),
);
