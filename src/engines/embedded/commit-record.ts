/** The side file that says which commits the data file must have. */
import {
  closeSync,
  constants,
  fsyncSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";

/** What the record says: a run is one opening of the data file, commits are counted over all runs. */
export interface Recorded {
  /** The run that wrote this, and the boot id of its machine. */
  readonly run: string;
  readonly boot: string;
  /** Commits when the run began. They are on the disk. */
  readonly base: number;
  /** Commits that have been acknowledged. */
  readonly commits: number;
  /** True if `commits` were on the disk when they were acknowledged. */
  readonly synced: boolean;
  /** The run before, until the data file names this one. */
  readonly before?: { readonly run: string; readonly commits: number };
}

const schema = z.object({
  run: z.string(),
  boot: z.string(),
  base: z.number(),
  commits: z.number(),
  synced: z.boolean(),
  before: z.exactOptional(z.object({ run: z.string(), commits: z.number() })),
});

/** One sector, so that a write is whole or did not happen. */
const recordBytes = 512;

/**
 * Written with one `pwrite` after each commit and before its appends are acknowledged. It is not
 * synced, which is enough to survive the death of the process.
 *
 * The order makes the record err on the safe side only. A process that dies between the commit and
 * the write leaves a record that asks for less than there is. The record of a new run is synced
 * before the data file names that run, and accepts the run before until then. After a power cut
 * the record may ask for commits that were never on the disk, so that only `base` counts then,
 * or `commits` if each commit was synced first (`synced`).
 */
export class CommitRecord {
  readonly #path: string;
  readonly #fd: number;
  #recorded: Recorded;

  /** Writes the record of a new run and syncs it, its name too. Throws what the file system throws. */
  constructor(path: string, recorded: Recorded) {
    this.#path = path;
    this.#recorded = recorded;
    this.#fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
    try {
      this.#write();
      fsyncSync(this.#fd);
      syncDirectory(dirname(path));
    } catch (error) {
      closeSync(this.#fd);
      throw error;
    }
  }

  /** What the file at `path` says; undefined if there is none, `damaged` if it cannot be read as one. */
  static read(path: string): Recorded | "damaged" | undefined {
    try {
      return schema.parse(JSON.parse(readFileSync(path, "utf8")));
    } catch (error) {
      return error instanceof Error && "code" in error && error.code === "ENOENT"
        ? undefined
        : "damaged";
    }
  }

  /** The data file names this run: the one before is no longer accepted. */
  begun(): void {
    const { before: _, ...recorded } = this.#recorded;
    this.#recorded = recorded;
    this.#write();
  }

  /**
   * Notes that `commits` are about to be acknowledged. Ignores a failing disk: the record then asks
   * for less than there is.
   */
  acknowledge(commits: number, synced: boolean): void {
    this.#recorded = { ...this.#recorded, commits, synced };
    try {
      this.#write();
    } catch {
      // The next commit writes it again.
    }
  }

  /** Ends the record; `remove`: its file too, since the data file was closed properly. */
  close(remove: boolean): void {
    closeSync(this.#fd);
    if (remove) rmSync(this.#path, { force: true });
  }

  #write(): void {
    const text = `${JSON.stringify(this.#recorded).padEnd(recordBytes - 1)}\n`;
    const written = writeSync(this.#fd, text, 0, "utf8");
    if (written < recordBytes) throw new Error(`${this.#path} cannot be written: the disk is full`);
  }
}

function syncDirectory(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } catch {
    // Not every file system can sync a directory.
  } finally {
    closeSync(fd);
  }
}
