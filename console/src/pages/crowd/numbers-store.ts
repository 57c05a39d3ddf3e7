/** A worker's numbers as they change: the SDK's client, and what it has heard. */
import type { Connection } from "switchboard/client";
import type { CrowdDashboard, WorkerStats } from "switchboard/client/crowd";

/** What is seen of it. */
export interface NumbersView {
  readonly stats: WorkerStats | undefined;
  /** When they were heard. */
  readonly atMs: number | undefined;
}

/** Closes the dashboard when it is closed. */
export class NumbersStore {
  readonly #dashboard: CrowdDashboard;
  #view: NumbersView = { stats: undefined, atMs: undefined };

  constructor(dashboard: CrowdDashboard) {
    this.#dashboard = dashboard;
    dashboard.on("stats", (stats) => {
      this.#view = { stats, atMs: Date.now() };
    });
  }

  get connection(): Connection {
    return this.#dashboard.connection;
  }

  readonly subscribe = (listener: () => void): (() => void) =>
    this.#dashboard.on("stats", listener);

  readonly snapshot = (): NumbersView => this.#view;

  close(): Promise<void> {
    return this.#dashboard.close();
  }
}
