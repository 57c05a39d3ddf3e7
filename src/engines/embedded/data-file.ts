/** The SQLite file of a data directory, held by this process alone. */
import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import Libsql from "libsql";
import { isSwitchboardError, messageOf, SwitchboardError } from "../../wire/error.ts";
import { bootId } from "./boot-id.ts";
import { CommitRecord } from "./commit-record.ts";
import { type DataPaths, dataPaths, inspectData } from "./data-inspection.ts";
import { migrations } from "./migrations.ts";
import { OpenFiles } from "./open-files.ts";

/** A prepared statement. `get` and `all` give rows as arrays; `run` the number of rows it changed. */
export interface Statement {
  get(...values: unknown[]): readonly unknown[] | undefined;
  all(...values: unknown[]): readonly (readonly unknown[])[];
  run(...values: unknown[]): number;
}

/** How long to wait for a process that is just letting go of the directory. */
const lockWaitMs = 500;

export class DataFile {
  /** How often this directory has been opened, this time included. */
  readonly starts: number;
  /** True if acknowledged commits were missing, which the file `accept-data-loss` allowed. */
  readonly lostData: boolean;
  readonly #paths: DataPaths;
  readonly #database: Libsql.Database;
  readonly #lockPath: string;
  readonly #files: OpenFiles;
  readonly #record: CommitRecord;
  readonly #sql: ReturnType<typeof prepareAll>;
  #commits: number;
  #changes: unknown;
  #synced = false;

  /**
   * Opens `switchboard.db` in `directory`, which is created (0700) if missing. Throws `data_locked` if another process has it,
   * `data_version` if a newer version wrote it, `data_damaged` if acknowledged commits are missing, `start_failed` if it cannot be
   * opened or is no such file. `newId` gives epochs and the name of this run; no two alike.
   */
  constructor(directory: string, newId: () => string) {
    const paths = dataPaths(directory);
    this.#paths = paths;
    this.#lockPath = join(directory, "lock");
    try {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      this.lostData = inspectData(paths);
      createPrivately(paths.database);
      this.#database = new Libsql(paths.database);
    } catch (error) {
      throw startFailure(paths, error);
    }
    let record: CommitRecord | undefined;
    try {
      const taken = this.#takeOver(directory, newId);
      record = taken.record;
      record.begun();
      this.starts = taken.starts;
      this.#commits = taken.commits;
      this.#record = record;
      writeFileSync(this.#lockPath, `${process.pid}\n`, { mode: 0o600 });
      const mode = this.prepare("PRAGMA journal_mode=WAL").get()?.[0];
      if (mode !== "wal")
        throw new Error(
          `its file system does not allow a write-ahead log (journal mode ${String(mode)})`,
        );
      this.syncEachCommit(false);
      this.#sql = prepareAll(this);
      this.#changes = this.#sql.changes.get()?.[0];
      this.#files = new OpenFiles(paths);
      rmSync(paths.acceptance, { force: true });
    } catch (error) {
      record?.close(false);
      release(this.#database);
      throw startFailure(paths, error);
    }
  }

  /** Whether a commit waits until it is on the disk. If not, it survives the process but perhaps not a power cut. */
  syncEachCommit(sync: boolean): void {
    this.#database.exec(`PRAGMA synchronous=${sync ? "FULL" : "NORMAL"}`);
    this.#synced = sync;
  }

  /** What is wrong with the place of the open files, and what to do; undefined if nothing is. */
  fault(): string | undefined {
    return this.#files.fault();
  }

  prepare(sql: string): Statement {
    const statement = this.#database.prepare(sql);
    if (statement.reader) statement.raw();
    return {
      get: (...values) => statement.get(values) as readonly unknown[] | undefined,
      all: (...values) => statement.all(values) as (readonly unknown[])[],
      run: (...values) => statement.run(values).changes,
    };
  }

  /**
   * Runs `work` in one transaction. If it or the commit throws, nothing is stored, and that is thrown. Stores nothing if an open
   * file is no longer at its path.
   */
  transaction<T>(work: () => T): T {
    // Left open only if a rollback failed, as on a disk that has gone.
    rollBack(this.#database);
    this.#sql.begin.run();
    let commits = this.#commits;
    try {
      const result = work();
      if (this.#sql.changes.get()?.[0] !== this.#changes) this.#sql.count.run(++commits);
      const fault = this.fault();
      if (fault !== undefined) throw new SwitchboardError("log_unavailable", fault);
      this.#sql.commit.run();
      return result;
    } catch (error) {
      commits = this.#commits;
      rollBack(this.#database);
      throw error;
    } finally {
      this.#changes = this.#sql.changes.get()?.[0];
      if (commits !== this.#commits) {
        this.#commits = commits;
        this.#record.acknowledge(commits, this.#synced);
      }
    }
  }

  /** Runs SQL that gives no rows. */
  exec(sql: string): void {
    this.#database.exec(sql);
  }

  /** Inside a transaction: writes something. (The same value again would not be written.) */
  touch(): void {
    this.#database.exec("UPDATE store SET touches = touches + 1");
  }

  /**
   * Notes that nothing was lost, and lets go of the directory. Touches nothing in it if other files are there in the place of its own.
   */
  close(): void {
    if (!this.#files.mayBeClosed) {
      this.#record.close(false);
      this.#database.close();
      return;
    }
    let clean = false;
    try {
      this.#database.exec("PRAGMA synchronous=FULL; UPDATE store SET clean = 1");
      clean = true;
    } catch {
      // The disk is full or gone: the next start takes it as not closed, which is right.
    }
    rmSync(this.#lockPath, { force: true });
    release(this.#database);
    this.#record.close(clean);
  }

  /** Takes the lock, checks the version, brings the schema up to date and notes the start: all or nothing. */
  #takeOver(
    directory: string,
    newId: () => string,
  ): { readonly starts: number; readonly commits: number; readonly record: CommitRecord } {
    try {
      this.#database.exec(`PRAGMA busy_timeout=${lockWaitMs}; PRAGMA locking_mode=EXCLUSIVE`);
      this.#database.exec("BEGIN EXCLUSIVE");
    } catch (error) {
      if (!(error instanceof Libsql.SqliteError) || error.code !== "SQLITE_BUSY") throw error;
      const pid = lockHolder(this.#lockPath);
      const by = pid === undefined ? "another process" : `process ${pid}`;
      throw new SwitchboardError(
        "data_locked",
        `${directory} is in use by ${by}: stop it, or name another data directory`,
        {
          directory,
          pid,
        },
      );
    }
    try {
      const version = Number(this.prepare("PRAGMA user_version").get()?.[0]);
      if (version > migrations.length) {
        throw new SwitchboardError(
          "data_version",
          `${directory} was written by a newer version (format ${version}, this one knows ${migrations.length}): ` +
            "start that version, or name another data directory",
          { directory, version },
        );
      }
      for (const step of migrations.slice(version)) this.#database.exec(step);
      this.#database.exec(`PRAGMA user_version=${migrations.length}`);
      const starts = this.#noteStart(newId);
      const { commits, record } = this.#beginRun(newId());
      try {
        this.#database.exec("COMMIT");
      } catch (error) {
        record.close(false);
        throw error;
      }
      return { starts, commits, record };
    } catch (error) {
      rollBack(this.#database);
      throw error;
    }
  }

  #noteStart(newEpoch: () => string): number {
    const [starts, boot, clean] = this.prepare("SELECT starts, boot, clean FROM store").get() ?? [];
    const machine = bootId();
    const wentDown = clean === 0 && (machine === "" || machine !== boot);
    if (wentDown || this.lostData) {
      // What was not synced may be gone: readers who saw that must not go on as if it were there.
      const update = this.prepare("UPDATE logs SET epoch = ? WHERE name = ?");
      const lost = this.lostData
        ? "SELECT name FROM logs"
        : "SELECT name FROM logs WHERE synced = 0";
      for (const [name] of this.prepare(lost).all()) update.run(newEpoch(), name);
    }
    const count = Number(starts) + 1;
    this.prepare("UPDATE store SET starts = ?, boot = ?, clean = 0").run(count, machine);
    return count;
  }

  /** Inside the transaction of the start: its record is on the disk before it is committed. */
  #beginRun(run: string): { readonly commits: number; readonly record: CommitRecord } {
    const [before, count] = this.prepare("SELECT run, count FROM commits").get() ?? [];
    const commits = Number(count);
    this.prepare("UPDATE commits SET run = ?").run(run);
    const record = new CommitRecord(this.#paths.record, {
      run,
      boot: bootId(),
      base: commits,
      commits,
      synced: true,
      before: { run: String(before), commits },
    });
    return { commits, record };
  }
}

function prepareAll(file: DataFile) {
  return {
    begin: file.prepare("BEGIN IMMEDIATE"),
    commit: file.prepare("COMMIT"),
    changes: file.prepare("SELECT total_changes()"),
    count: file.prepare("UPDATE commits SET count = ?"),
  };
}

function startFailure({ directory, database }: DataPaths, error: unknown): SwitchboardError {
  if (isSwitchboardError(error)) return error;
  const message = `cannot open ${database}: ${messageOf(error)}`;
  return new SwitchboardError("start_failed", message, { directory }, { cause: error });
}

/**
 * Closes so that the lock is free at once. Closing alone is not enough: the library keeps the connection until the garbage
 * collector has taken the last prepared statement, and a lock of this kind can only be given back outside WAL mode.
 */
function release(database: Libsql.Database): void {
  try {
    database.exec(
      "PRAGMA busy_timeout=0; PRAGMA journal_mode=DELETE; PRAGMA locking_mode=NORMAL; SELECT count(*) FROM sqlite_schema",
    );
  } catch {
    // Never had the lock, or the disk is full or gone: then the lock ends with the process.
  }
  database.close();
}

/** Ends a transaction that failed. (SQLite has done it by itself if the disk was full.) */
function rollBack(database: Libsql.Database): void {
  try {
    if (database.inTransaction) database.exec("ROLLBACK");
  } catch {
    // The next transaction tries again; what the caller is told is why this one failed.
  }
}

/**
 * Makes the file, which only its owner may read, if there is none. It appears with its schema in it: an empty file is always a damaged
 * one. A file that is there must not even be opened: closing it would free this process's locks on it.
 */
function createPrivately(path: string): void {
  if (existsSync(path)) return;
  const draft = `${path}.new-${process.pid}`;
  rmSync(draft, { force: true });
  writeFileSync(draft, "", { flag: "wx", mode: 0o600 });
  try {
    const database = new Libsql(draft);
    try {
      const schema = migrations.join("");
      database.exec(`BEGIN; ${schema} PRAGMA user_version=${migrations.length}; COMMIT`);
    } finally {
      database.close();
    }
    putInPlace(draft, path);
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Never replaces a file that another process has just made. */
function putInPlace(draft: string, path: string): void {
  try {
    linkSync(draft, path);
  } catch (error) {
    if (existsSync(path)) return;
    if (!(error instanceof Error && "code" in error)) throw error;
    // Not every file system has links.
    renameSync(draft, path);
  }
}

function lockHolder(path: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(path, "utf8"), 10);
    return Number.isNaN(pid) ? undefined : pid;
  } catch {
    return undefined;
  }
}
