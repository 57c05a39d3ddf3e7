/** The engine for one process: logs in an SQLite file, bus and leases in memory. */
import { randomUUID } from "node:crypto";
import type { Engine, EngineLogger, Log, LogOptions, Session } from "../../kit/engine.ts";
import { messageOf, SwitchboardError } from "../../wire/error.ts";
import { LocalBus, LocalBusNode } from "../local/local-bus.ts";
import { LocalLeases, LocalLeasesNode } from "../local/local-leases.ts";
import { checkLogName } from "../subjects.ts";
import { Commits } from "./commits.ts";
import { DataFile } from "./data-file.ts";
import { EmbeddedLog } from "./embedded-log.ts";
import { LogTable } from "./log-table.ts";
import { Sweeper } from "./sweeper.ts";

export interface EmbeddedEngineOptions {
  /**
   * Holds `switchboard.db` and, while it is open, `switchboard.db-wal` (the newest commits), `switchboard.db-commits` (how many there must
   * be) and `lock` (which names the process). Created (0700) if missing. One process at a time.
   */
  readonly directory: string;
  /** For logs that do not say; default `process`. */
  readonly durability?: "process" | "disk";
  /** Data that may wait to be stored; beyond it appends are refused with `log_unavailable`. Default 256 MiB. */
  readonly maxWaitingBytes?: number;
  /** Is told once when the engine cannot store, and once when it can again. Default: nobody. */
  readonly logger?: EngineLogger;
  /** ms since 1970; default `Date.now`. */
  readonly now?: () => number;
  /** Gives epochs and the session's id; no two alike. Default `randomUUID`. */
  readonly newId?: () => string;
}

/** Each start has this many fences of its own, so that they grow over restarts too. */
const fencesPerStart = 2 ** 32;

/**
 * Opens the embedded engine. Rejects with `data_locked` (another process has the directory), `data_version` (a newer version
 * wrote it), `data_damaged` (its files are damaged, cut, missing or empty, or acknowledged commits are not in them; it changes nothing
 * then) or `start_failed` (it cannot be opened), each saying what to do. A file `accept-data-loss` in the directory makes one start go on
 * without commits that are missing: every log gets a new epoch, and the file is removed.
 *
 * The open files must stay at their paths. That is checked as the last step before each commit, every 500 ms, and by `health`. If a file was
 * removed or replaced, appends reject with `log_unavailable` until the same file is back.
 *
 * Durability: the file is one, so as soon as one open log is `disk`, each commit is synced. If the machine goes down under a log
 * that was `process`, its last commits may be lost; the next start gives it a new epoch, so that no reader goes on unaware.
 * (Only Linux tells that the machine went down; elsewhere every start does so that no `close` preceded.)
 */
export async function openEmbeddedEngine(options: EmbeddedEngineOptions): Promise<Engine> {
  return new EmbeddedEngine(options);
}

class EmbeddedEngine implements Engine {
  readonly kind = "embedded";
  readonly session: Session;
  readonly bus: LocalBusNode;
  readonly leases: LocalLeasesNode;
  readonly #file: DataFile;
  readonly #commits: Commits;
  readonly #sweeper: Sweeper;
  readonly #localBus = new LocalBus();
  readonly #localLeases: LocalLeases;
  readonly #logs = new Map<string, EmbeddedLog>();
  readonly #durability: "process" | "disk";
  readonly #now: () => number;
  readonly #newId: () => string;
  #synced = false;
  #closing: Promise<void> | undefined;

  constructor({
    directory,
    durability = "process",
    maxWaitingBytes = 256 * 1024 * 1024,
    logger,
    now = Date.now,
    newId = randomUUID,
  }: EmbeddedEngineOptions) {
    this.#durability = durability;
    this.#now = () => Math.trunc(now());
    this.#newId = newId;
    this.#file = new DataFile(directory, newId);
    if (this.#file.lostData)
      logger?.warn(
        { directory },
        "acknowledged data is missing, which the file accept-data-loss allowed: every log has a new epoch",
      );
    this.#commits = new Commits(this.#file, maxWaitingBytes, logger);
    this.#sweeper = new Sweeper(this.#commits, this.#now);
    this.session = { id: newId() };
    this.#localLeases = new LocalLeases(this.#file.starts * fencesPerStart);
    this.bus = new LocalBusNode(this.#localBus);
    this.leases = new LocalLeasesNode(this.#localLeases, this.session.id);
  }

  async log(name: string, options: LogOptions = {}): Promise<Log> {
    if (this.#closing !== undefined)
      throw new SwitchboardError("log_closed", "the engine is closed");
    checkLogName(name);
    const present = this.#logs.get(name);
    if (present !== undefined) return present;
    try {
      if (this.#durability === "disk" || options.durability === "disk") this.#syncEachCommit();
      const table = new LogTable(this.#file, name, this.#synced, this.#newId);
      const log = new EmbeddedLog(table, this.#commits, this.#now);
      this.#logs.set(name, log);
      this.#sweeper.add(table, log, options);
      return log;
    } catch (error) {
      throw new SwitchboardError(
        "log_unavailable",
        `log ${name} cannot be opened: ${messageOf(error)}`,
        {},
        { cause: error },
      );
    }
  }

  health(): ReturnType<Engine["health"]> {
    if (this.#closing !== undefined) return { ok: false, reason: "the engine is closed" };
    const { failure } = this.#commits;
    return failure === undefined
      ? { ok: true }
      : { ok: false, reason: `nothing can be stored: ${failure}` };
  }

  stats(): Readonly<Record<string, number>> {
    const totals: Record<string, number> = this.#sweeper.stats();
    for (const log of this.#logs.values()) {
      for (const [name, value] of Object.entries(log.stats()))
        totals[name] = (totals[name] ?? 0) + value;
    }
    return {
      ...totals,
      ...this.#commits.stats(),
      ...this.#localBus.stats(),
      ...this.#localLeases.stats(),
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    for (const log of this.#logs.values()) log.refuse();
    this.bus.close();
    this.leases.close();
    await this.#commits.drained();
    this.#sweeper.stop();
    for (const log of this.#logs.values()) log.close();
    this.#file.close();
  }

  #syncEachCommit(): void {
    this.#file.syncEachCommit(true);
    this.#synced = true;
  }
}
