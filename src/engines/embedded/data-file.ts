/** The SQLite file of a data directory, held by this process alone. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Libsql from "libsql";
import { isSwitchboardError, messageOf, SwitchboardError } from "../../wire/error.ts";
import { bootId } from "./boot-id.ts";
import { migrations } from "./migrations.ts";

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
  readonly #database: Libsql.Database;
  readonly #lockPath: string;
  readonly #begin: Statement;
  readonly #commit: Statement;

  /**
   * Opens `switchboard.db` in `directory`, which is created (0700) if missing. Throws `data_locked` if another process has it,
   * `data_version` if a newer version wrote it, `start_failed` if it cannot be opened or is no such file.
   */
  constructor(directory: string, newEpoch: () => string) {
    const path = join(directory, "switchboard.db");
    this.#lockPath = join(directory, "lock");
    try {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      createPrivately(path);
      this.#database = new Libsql(path);
    } catch (error) {
      throw new SwitchboardError(
        "start_failed",
        `cannot open ${path}: ${messageOf(error)}`,
        { directory },
        { cause: error },
      );
    }
    try {
      this.starts = this.#takeOver(directory, newEpoch);
      writeFileSync(this.#lockPath, `${process.pid}\n`, { mode: 0o600 });
      const mode = this.prepare("PRAGMA journal_mode=WAL").get()?.[0];
      if (mode !== "wal")
        throw new Error(
          `its file system does not allow a write-ahead log (journal mode ${String(mode)})`,
        );
      this.syncEachCommit(false);
    } catch (error) {
      release(this.#database);
      if (isSwitchboardError(error)) throw error;
      throw new SwitchboardError(
        "start_failed",
        `cannot open ${path}: ${messageOf(error)}`,
        { directory },
        { cause: error },
      );
    }
    this.#begin = this.prepare("BEGIN IMMEDIATE");
    this.#commit = this.prepare("COMMIT");
  }

  /** Whether a commit waits until it is on the disk. If not, it survives the process but perhaps not a power cut. */
  syncEachCommit(sync: boolean): void {
    this.#database.exec(`PRAGMA synchronous=${sync ? "FULL" : "NORMAL"}`);
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

  /** Runs `work` in one transaction. If it or the commit throws, nothing is stored, and that is thrown. */
  transaction<T>(work: () => T): T {
    // Left open only if a rollback failed, as on a disk that has gone.
    rollBack(this.#database);
    this.#begin.run();
    try {
      const result = work();
      this.#commit.run();
      return result;
    } catch (error) {
      rollBack(this.#database);
      throw error;
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

  /** Notes that nothing was lost, and lets go of the directory. */
  close(): void {
    try {
      this.#database.exec("PRAGMA synchronous=FULL; UPDATE store SET clean = 1");
    } catch {
      // The disk is full or gone: the next start takes it as not closed, which is right.
    }
    rmSync(this.#lockPath, { force: true });
    release(this.#database);
  }

  /** Takes the lock, checks the version, brings the schema up to date and notes the start: all or nothing. */
  #takeOver(directory: string, newEpoch: () => string): number {
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
      const starts = this.#noteStart(newEpoch);
      this.#database.exec("COMMIT");
      return starts;
    } catch (error) {
      rollBack(this.#database);
      throw error;
    }
  }

  #noteStart(newEpoch: () => string): number {
    const [starts, boot, clean] = this.prepare("SELECT starts, boot, clean FROM store").get() ?? [];
    const machine = bootId();
    if (clean === 0 && (machine === "" || machine !== boot)) {
      // The machine went down under it, so what was not synced may be gone: readers who saw that must not go on as if it were there.
      const update = this.prepare("UPDATE logs SET epoch = ? WHERE name = ?");
      for (const [name] of this.prepare("SELECT name FROM logs WHERE synced = 0").all())
        update.run(newEpoch(), name);
    }
    const count = Number(starts) + 1;
    this.prepare("UPDATE store SET starts = ?, boot = ?, clean = 0").run(count, machine);
    return count;
  }
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

/** A new file only its owner may read. One that is there must not even be opened: closing it would free this process's locks on it. */
function createPrivately(path: string): void {
  try {
    writeFileSync(path, "", { flag: "wx", mode: 0o600 });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
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
