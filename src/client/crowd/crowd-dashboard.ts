/** A worker's live numbers, without a unit. */
import { connect } from "../connect.ts";
import type { Connection } from "../connection.ts";
import { Emitter } from "../emitter.ts";
import type { ConnectOptions } from "../options.ts";
import type { ServerError } from "../server-error.ts";
import { serviceUrl } from "../service-url.ts";
import { readCrowdMessage } from "./packets.ts";
import type { WorkerStats } from "./worker-stats.ts";

/** Whose numbers, and all that a connection may be told. */
export interface CrowdDashboardOptions extends Omit<ConnectOptions, "identify" | "transport"> {
  /** 1 to 200 characters. */
  readonly workerName: string;
}

/** What a dashboard hears. */
export interface CrowdDashboardEvents {
  /** On every (re)connect, and whenever the numbers change; while the client does not keep up, the newest only. */
  stats: WorkerStats;
  /** The server did not do what a message asked for. */
  error: ServerError;
}

/**
 * Shows a worker's numbers from its construction to its `close`. Switchboard only: an original server has them for a running unit only
 * (`CrowdWorker`).
 *
 * ```ts
 * const dashboard = new CrowdDashboard("ws://127.0.0.1:7400", { workerName: "ann" });
 * dashboard.on("stats", ({ cads, firstPlaces }) => show(cads, firstPlaces));
 * ```
 */
export class CrowdDashboard {
  /** States. It sends nothing but the request for the numbers. */
  readonly connection: Connection;
  readonly #events = new Emitter<CrowdDashboardEvents>();
  #stats: WorkerStats | undefined;
  #ignored = 0;

  constructor(url: string | URL, { workerName, ...options }: CrowdDashboardOptions) {
    this.connection = connect(serviceUrl(url, "/crowd", { worker: workerName, errors: "1" }), {
      ...options,
      identify: ({ send }) => send(JSON.stringify({ message: "get_worker_stats" })),
    });
    this.connection.on("message", (text) => this.#read(text));
  }

  /** The numbers as last heard; while the connection is lost they are what was. */
  get stats(): WorkerStats | undefined {
    return this.#stats;
  }

  /** Messages that broke the protocol, and were ignored. */
  get ignored(): number {
    return this.#ignored;
  }

  /** Calls `listener` at every such event until the returned function is called. */
  on<Name extends keyof CrowdDashboardEvents>(
    name: Name,
    listener: (value: CrowdDashboardEvents[Name]) => void,
  ): () => void {
    return this.#events.on(name, listener);
  }

  /** See `Connection.close`. */
  close(): Promise<void> {
    return this.connection.close();
  }

  #read(text: string): void {
    const message = readCrowdMessage(text);
    if (message === undefined) this.#ignored++;
    else if (message.kind === "stats") {
      this.#stats = message.stats;
      this.#events.emit("stats", message.stats);
    } else if (message.kind === "error") this.#events.emit("error", message.error);
  }
}
