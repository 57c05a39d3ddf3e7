/** The file of an outbox: a journal that is appended to, and rewritten when most of it is over. */
import { closeSync, fsyncSync, openSync } from "node:fs";
import { type FileHandle, mkdir, open, realpath, rename, rm } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { SwitchboardError } from "../../wire/error.ts";
import type { StoredMessage } from "../outbox-store.ts";
import { FileLock } from "./file-lock.ts";
import { entryOf, header, type JournalEntry, lineOf, readLines } from "./journal-lines.ts";

/** How a journal is kept. */
export interface JournalOptions {
  readonly sync: boolean;
  /** It is not rewritten while it is smaller. */
  readonly compactAboveBytes: number;
}

interface Live {
  message: StoredMessage;
  /** Of its line. */
  readonly bytes: number;
}

/** What is written at once when it is rewritten. */
const pieceBytes = 256 * 1024;

/** One call at a time. */
export class Journal {
  readonly #path: string;
  readonly #lock: FileLock;
  readonly #options: JournalOptions;
  #file: FileHandle;
  readonly #live = new Map<string, Live>();
  #liveBytes = 0;
  /** What is good of the file. */
  #size = 0;
  /** There may be something behind that. */
  #isTorn = false;
  #compactAboveBytes: number;

  private constructor(path: string, lock: FileLock, file: FileHandle, options: JournalOptions) {
    this.#path = path;
    this.#lock = lock;
    this.#file = file;
    this.#options = options;
    this.#compactAboveBytes = options.compactAboveBytes;
  }

  /**
   * Makes the file (0600) and its folder (0700) if they are missing. Rejects with `data_locked`, `data_version` or what the system says.
   */
  static async open(path: string, options: JournalOptions): Promise<Journal> {
    await mkdir(dirname(resolve(path)), { recursive: true, mode: 0o700 });
    // It must be there to know its real path, by which others may name it.
    await (await open(path, "a", 0o600)).close();
    const real = await realpath(path);
    const lock = await FileLock.take(real);
    let file: FileHandle | undefined;
    try {
      file = await open(real, "r+");
      const journal = new Journal(real, lock, file, options);
      await journal.#load();
      return journal;
    } catch (error) {
      await file?.close();
      lock.release();
      throw error;
    }
  }

  /** Oldest first. */
  get messages(): readonly StoredMessage[] {
    return [...this.#live.values()].map(({ message }) => message);
  }

  /** Appends all or, if it rejects, none. */
  async append(entries: readonly JournalEntry[]): Promise<void> {
    const lines = entries.map(lineOf);
    const bytes = Buffer.from(lines.join(""));
    try {
      if (this.#isTorn) await this.#file.truncate(this.#size);
      this.#isTorn = true;
      await writeAll(this.#file, bytes, this.#size);
      if (this.#options.sync) await this.#file.datasync();
      this.#isTorn = false;
    } catch (error) {
      // What was rejected must not be there in the next run.
      await this.#file.truncate(this.#size).then(
        () => {
          this.#isTorn = false;
        },
        () => {},
      );
      throw error;
    }
    this.#size += bytes.length;
    for (const [at, entry] of entries.entries())
      this.#apply(entry, Buffer.byteLength(lines[at] ?? ""));
    if (this.#size > this.#compactAboveBytes && this.#liveBytes < this.#size / 2)
      await this.#compact();
  }

  async close(): Promise<void> {
    try {
      await this.#file.close();
    } finally {
      this.#lock.release();
    }
  }

  async #load(): Promise<void> {
    await this.#file.chmod(0o600);
    await rm(this.#newPath, { force: true });
    let isFirst = true;
    await readLines(this.#file, (line, bytes) => {
      if (isFirst) checkHeader(this.#path, `${line}\n`);
      else {
        const entry = entryOf(line);
        // After a power cut, a line may have been written in part; the others are good all the same.
        if (entry !== undefined) this.#apply(entry, bytes);
      }
      isFirst = false;
      this.#size += bytes;
    });
    const { size } = await this.#file.stat();
    if (this.#size === 0) {
      const start = Buffer.alloc(Math.min(size, header.length));
      await this.#file.read(start, 0, start.length, 0);
      // A crash may have left less than a header.
      if (size > header.length || !header.startsWith(start.toString()))
        checkHeader(this.#path, start.toString());
      await writeAll(this.#file, Buffer.from(header), 0);
      if (this.#options.sync) {
        await this.#file.sync();
        syncFolder(this.#path);
      }
      this.#size = header.length;
    }
    // A torn last line has no end: what is written over it may leave a rest of it, but no line.
  }

  #apply(entry: JournalEntry, bytes: number): void {
    if ("put" in entry) {
      this.#liveBytes += bytes - (this.#live.get(entry.put.id)?.bytes ?? 0);
      this.#live.set(entry.put.id, { message: entry.put, bytes });
    } else if ("written" in entry) {
      const live = this.#live.get(entry.written);
      if (live !== undefined) live.message = { ...live.message, written: true };
    } else {
      this.#liveBytes -= this.#live.get(entry.removed)?.bytes ?? 0;
      this.#live.delete(entry.removed);
    }
  }

  /** Writes what is live to a new file, which then takes the place of the old. If that fails, the old one is as good as ever. */
  async #compact(): Promise<void> {
    try {
      const file = await open(this.#newPath, "w", 0o600);
      let size = 0;
      try {
        let piece = header;
        const write = async () => {
          const bytes = Buffer.from(piece);
          await writeAll(file, bytes, size);
          size += bytes.length;
          piece = "";
        };
        for (const { message } of this.#live.values()) {
          piece += lineOf({ put: message });
          if (piece.length > pieceBytes) await write();
        }
        await write();
        // Always: or a power cut could leave the new name with nothing behind it, where the old content was safe.
        await file.sync();
        await rename(this.#newPath, this.#path);
      } catch (error) {
        await file.close();
        await rm(this.#newPath, { force: true });
        throw error;
      }
      const old = this.#file;
      this.#file = file;
      this.#size = size;
      this.#isTorn = false;
      this.#compactAboveBytes = this.#options.compactAboveBytes;
      await old.close();
      if (this.#options.sync) syncFolder(this.#path);
    } catch {
      // Not with every message, on a disk that is full.
      this.#compactAboveBytes = this.#size * 2;
    }
  }

  get #newPath(): string {
    return `${this.#path}.new`;
  }
}

function checkHeader(path: string, line: string): void {
  if (line === header) return;
  if (line.startsWith('{"switchboardOutbox":')) {
    throw new SwitchboardError(
      "data_version",
      `${path} was written by a newer version: use that one, or name another file`,
      { path },
    );
  }
  throw new SwitchboardError(
    "outbox_unavailable",
    `${path} is something else than an outbox: name another file`,
    { path },
  );
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

/** So that a name survives a power cut too. */
function syncFolder(path: string): void {
  const folder = openSync(dirname(path), "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
