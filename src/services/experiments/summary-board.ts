/** Who watches the summary of an experiment, and when they are sent a new one. */
import {
  type Connection,
  isSwitchboardError,
  type ServiceContext,
  type SwitchboardError,
} from "../../kit/index.ts";
import type { ExperimentsConfig } from "./config.ts";
import type { ExperimentsContract } from "./contract.ts";
import type { VariableSummary } from "./diagnostics.ts";
import { DrawsOfExperiment } from "./draws.ts";
import type { Experiment, Watcher } from "./experiment.ts";
import type { Library } from "./library.ts";
import { Summaries } from "./summaries.ts";

export type Summary = Record<string, VariableSummary>;

/** So many experiments' summaries may wait to be computed. */
const maxWaiting = 100;

/** One experiment that is watched. */
interface Board extends Watcher {
  readonly experiment: Experiment;
  readonly draws: DrawsOfExperiment;
  readonly watching: Set<Connection>;
  stopSampling(): void;
  running: boolean;
  /** There are samples, or watchers, since the last summary began. */
  isStale: boolean;
  nextMs: number;
}

export class SummaryBoard {
  readonly #context: ServiceContext<ExperimentsContract, ExperimentsConfig>;
  readonly #library: Library;
  readonly #summaries: Summaries;
  readonly #boards = new Map<Experiment, Board>();

  constructor(context: ServiceContext<ExperimentsContract, ExperimentsConfig>, library: Library) {
    this.#context = context;
    this.#library = library;
    this.#summaries = new Summaries({ clock: context.clock, maxWaitingKeys: maxWaiting });
  }

  /** The summary of what is stored now. */
  async of(xid: string): Promise<Summary> {
    const { config } = this.#context;
    return await this.#library.look(xid, async (experiment) => {
      const board = this.#boards.get(experiment);
      const draws =
        board?.draws ??
        new DrawsOfExperiment(this.#library.log, experiment, config.maxSummarySamples);
      return await this.#summaries.request(experiment.token, () => draws.load());
    });
  }

  /** Sends the summary now, and whenever there are more samples, at most once in `summaryMs`. */
  watch(experiment: Experiment, connection: Connection): void {
    const board = this.#boards.get(experiment) ?? this.#open(experiment);
    if (board.watching.has(connection)) return;
    board.watching.add(connection);
    this.#advance(board);
  }

  unwatch(experiment: Experiment, connection: Connection): void {
    const board = this.#boards.get(experiment);
    if (board === undefined || !board.watching.delete(connection) || board.watching.size > 0)
      return;
    board.stopSampling();
    experiment.watchers.delete(board);
    this.#boards.delete(experiment);
  }

  async stop(): Promise<void> {
    await this.#summaries.stop();
  }

  #open(experiment: Experiment): Board {
    const { config, clock } = this.#context;
    const board: Board = {
      experiment,
      draws: new DrawsOfExperiment(this.#library.log, experiment, config.maxSummarySamples),
      watching: new Set(),
      stopSampling: this.#library.onSamples(experiment, () => {
        if (!board.isStale) this.#advance(board);
      }),
      running: false,
      isStale: false,
      nextMs: clock.monotonic(),
      changed: () => {},
      removed: () => {},
    };
    // So that the experiment is not forgotten.
    experiment.watchers.add(board);
    this.#boards.set(experiment, board);
    return board;
  }

  #advance(board: Board): void {
    board.isStale = true;
    if (board.running) return;
    board.running = true;
    const { clock, background } = this.#context;
    clock.after(board.nextMs - clock.monotonic(), () => background(() => this.#compute(board)));
  }

  async #compute(board: Board): Promise<void> {
    const { clock, config } = this.#context;
    board.isStale = false;
    try {
      if (this.#boards.get(board.experiment) !== board) return;
      const data = await this.#summaries.request(board.experiment.token, () => board.draws.load());
      for (const connection of board.watching) this.#context.send(connection, "summary", { data });
    } catch (error) {
      if (!isSwitchboardError(error)) throw error;
      this.#refuse(board, error);
    } finally {
      board.nextMs = clock.monotonic() + config.summaryMs;
      board.running = false;
      if (board.isStale && this.#boards.get(board.experiment) === board) this.#advance(board);
    }
  }

  /** It cannot be had: who watches is told, if it asked to be, and stays on the board only if that may change. */
  #refuse(board: Board, error: SwitchboardError): void {
    for (const connection of board.watching) this.#context.reportError(connection, error);
    if (error.code === "over_capacity")
      for (const connection of [...board.watching]) this.unwatch(board.experiment, connection);
  }
}
