/** Whether a data directory still has everything that was acknowledged: looked at before it is opened. */
import { existsSync, linkSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import Libsql from "libsql";
import { SwitchboardError } from "../../wire/error.ts";
import { bootId } from "./boot-id.ts";
import { CommitRecord, type Recorded } from "./commit-record.ts";
import { migrations } from "./migrations.ts";

/** The paths of a data file and of what belongs to it. */
export interface DataPaths {
  readonly directory: string;
  readonly database: string;
  readonly wal: string;
  readonly journal: string;
  readonly record: string;
  /** Its presence makes one start go on without what is missing. */
  readonly acceptance: string;
}

/** The files of a data directory. */
export function dataPaths(directory: string): DataPaths {
  const database = join(directory, "switchboard.db");
  return {
    directory,
    database,
    wal: `${database}-wal`,
    journal: `${database}-journal`,
    record: `${database}-commits`,
    acceptance: join(directory, "accept-data-loss"),
  };
}

/** Data files up to this size are checked page by page: about 0.1 s. */
const maxCheckedBytes = 64 * 1024 * 1024;

/** The first format that counts its commits. */
const countedFormat = 2;

const remedy = "restore them from a backup, or move the directory away to begin anew";

/**
 * Throws `data_damaged` if the database file is missing, empty, cut or corrupt, or if commits that
 * were acknowledged are not in it. Then nothing is changed: the files can be copied, or completed
 * from a backup. Returns true if commits are missing and the file `accept-data-loss` is there.
 *
 * Returns false for a directory that is new, was closed properly, was killed at any moment, or is
 * held by another process. Takes some ms, and up to about 0.1 s more to check the structure of all
 * pages of a file up to 64 MiB. The pages of a larger file are not checked.
 */
export function inspectData(paths: DataPaths): boolean {
  const { database, wal, record } = paths;
  const recorded = CommitRecord.read(record);
  const size = statSync(database, { throwIfNoEntry: false })?.size;
  const walBytes = statSync(wal, { throwIfNoEntry: false })?.size ?? 0;
  if (size === undefined) {
    if (recorded === undefined && walBytes === 0) return false;
    const rest = [...(recorded === undefined ? [] : [record]), ...(walBytes === 0 ? [] : [wal])];
    throw damaged(
      paths,
      `${database} is missing, but ${rest.join(" and ")} belong to it: ${remedy}`,
    );
  }
  if (size === 0) throw damaged(paths, `${database} is empty: ${remedy}`);
  const look = new Look(paths);
  try {
    look.begin();
    const problem = missing(look, paths, recorded);
    if (size + walBytes <= maxCheckedBytes) demandWhole(look, paths);
    if (problem === undefined) return false;
    if (existsSync(paths.acceptance)) return true;
    throw damaged(
      paths,
      `${problem}. Restore all files of ${paths.directory} from one backup, ` +
        `or create an empty file ${paths.acceptance} to start once without what is missing`,
    );
  } catch (error) {
    if (!(error instanceof Libsql.SqliteError)) throw error;
    // Another process has it, which opening it finds out too.
    if (error.code.startsWith("SQLITE_BUSY")) return false;
    if (error.code.startsWith("SQLITE_CORRUPT"))
      throw damaged(paths, `${database} is damaged or cut (${error.message}): ${remedy}`);
    throw error;
  } finally {
    look.close();
  }
}

/** What is missing in a data file; undefined if nothing is. */
function missing(
  look: Look,
  { database, wal, record }: DataPaths,
  recorded: Recorded | "damaged" | undefined,
): string | undefined {
  const format = "(SELECT user_version FROM pragma_user_version)";
  if (!look.holds(`${format} BETWEEN ${countedFormat} AND ${migrations.length}`)) return undefined;
  const closed = look.holds("(SELECT clean FROM store) = 1");
  if (recorded === undefined) {
    if (closed) return undefined;
    return `${database} was not closed properly, but ${record} is missing, which tells what must be in it`;
  }
  if (recorded === "damaged") return closed ? undefined : `${record} is damaged`;
  const ofRun = (run: string, least: number) =>
    `(SELECT run = ${quoted(run)} AND count >= ${least} FROM commits)`;
  const machineStayed = recorded.boot !== "" && recorded.boot === bootId();
  const { run, commits, base, synced, before } = recorded;
  if (look.holds(ofRun(run, machineStayed || synced ? commits : base))) return undefined;
  if (before !== undefined && look.holds(ofRun(before.run, machineStayed ? before.commits : 0)))
    return undefined;
  return look.holds(ofRun(run, 0))
    ? `${database} lacks commits that were acknowledged: its write-ahead log ${wal} is missing, cut or damaged`
    : `${database} is not the file that ${record} was written for, or ${wal} is missing or damaged`;
}

function demandWhole(look: Look, paths: DataPaths): void {
  if (look.holds("(SELECT quick_check FROM pragma_quick_check(1)) = 'ok'")) return;
  throw damaged(paths, `${paths.database} is damaged (PRAGMA quick_check): ${remedy}`);
}

function damaged({ directory }: DataPaths, message: string): SwitchboardError {
  return new SwitchboardError("data_damaged", message, { directory });
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/**
 * Asks a data file and changes nothing. Closing an SQLite file stores its write-ahead log in it and
 * removes the log, also one that is damaged or belongs to another file. SQLite does not do so for
 * a file that is no longer at its path, so this opens further names of the files, and removes those
 * before it closes. Prepared statements would keep the file open; a constraint answers without one.
 */
class Look {
  readonly #names: readonly string[];
  readonly #database: Libsql.Database;

  constructor(paths: DataPaths) {
    removeLeftNames(paths.directory);
    this.#names = linkAll(paths);
    const [name = paths.database] = this.#names;
    try {
      this.#database = new Libsql(name);
    } catch (error) {
      this.#removeNames();
      throw error;
    }
  }

  /** Reads the schema. Throws what SQLite throws if the file is in use or is no database. */
  begin(): void {
    this.#database.exec("PRAGMA busy_timeout=500; PRAGMA locking_mode=EXCLUSIVE");
    this.#database.exec("CREATE TEMP TABLE asked (holds INTEGER CHECK (holds))");
  }

  /** Whether an SQL condition is true. Throws what SQLite throws if it cannot be asked. */
  holds(condition: string): boolean {
    try {
      this.#database.exec(`INSERT INTO temp.asked SELECT ifnull(${condition}, 0)`);
      return true;
    } catch (error) {
      if (error instanceof Libsql.SqliteError && error.code === "SQLITE_CONSTRAINT_CHECK")
        return false;
      throw error;
    }
  }

  close(): void {
    this.#removeNames();
    this.#database.close();
  }

  #removeNames(): void {
    const [name] = this.#names;
    if (name !== undefined) for (const suffix of suffixes) rmSync(name + suffix, { force: true });
  }
}

const nameMark = ".inspected-";
const suffixes = ["", "-wal", "-journal", "-shm"];

/** Gives the files further names, the database file's first. None where the file system has no links. */
function linkAll({ database, wal, journal }: DataPaths): readonly string[] {
  const name = `${database}${nameMark}${process.pid}`;
  const names: string[] = [];
  try {
    for (const [path, suffix] of [
      [database, ""],
      [wal, "-wal"],
      [journal, "-journal"],
    ] as const) {
      if (!existsSync(path)) continue;
      linkSync(path, `${name}${suffix}`);
      names.push(`${name}${suffix}`);
    }
    return names;
  } catch {
    for (const linked of names) rmSync(linked, { force: true });
    return [];
  }
}

/** Removes the names that a process left which was killed while it looked. */
function removeLeftNames(directory: string): void {
  for (const name of readdirSync(directory)) {
    const pid = Number.parseInt(name.split(nameMark)[1] ?? "", 10);
    if (!Number.isNaN(pid) && (pid === process.pid || !isRunning(pid)))
      rmSync(join(directory, name), { force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
