/** Keeps other processes from changing a file meanwhile. */
import { randomUUID } from "node:crypto";
import { readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { SwitchboardError } from "../../wire/error.ts";

/** A change takes milliseconds; a lock of this age was left by a process that has died. */
const staleAfterMs = 10_000;

/** How long to wait for the lock; longer than a stale one lasts. */
const patienceMs = 15_000;

/** A lock that is held. */
export interface HeldLock {
  /** Rejects with `conflict` if the lock has been taken away, which happens to who holds it for more than ten seconds. */
  stillHeld(): Promise<void>;
}

/**
 * Runs `work` while `path` + `.lock` exists by our making; others wait for up to 15 s, then reject with `conflict`. Ask `stillHeld`
 * just before what must not happen twice.
 */
export async function withFileLock<T>(
  path: string,
  work: (lock: HeldLock) => Promise<T>,
): Promise<T> {
  const lockPath = `${path}.lock`;
  const mark = randomUUID();
  await acquire(lockPath, mark);
  const isOurs = async () => (await readFile(lockPath, "utf8").catch(() => "")) === mark;
  try {
    return await work({
      async stillHeld() {
        if (!(await isOurs()))
          throw new SwitchboardError(
            "conflict",
            `another process has taken ${lockPath}: try again`,
          );
      },
    });
  } finally {
    if (await isOurs()) await rm(lockPath, { force: true });
  }
}

async function acquire(lockPath: string, mark: string): Promise<void> {
  const giveUpAtMs = performance.now() + patienceMs;
  for (;;) {
    try {
      await writeFile(lockPath, mark, { flag: "wx", mode: 0o600 });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    if (performance.now() > giveUpAtMs) {
      throw new SwitchboardError(
        "conflict",
        `${lockPath} is held by another process: try again, or remove it if no other process is there`,
      );
    }
    if (await isStale(lockPath)) await removeStale(lockPath, mark);
    else await delay(5 + Math.random() * 20);
  }
}

async function isStale(path: string): Promise<boolean> {
  const stats = await stat(path).catch(() => undefined);
  return stats !== undefined && Date.now() - stats.mtimeMs > staleAfterMs;
}

/** Of several processes that want to, one succeeds. If what it moved away is a fresh lock after all, its holder notices by `stillHeld`. */
async function removeStale(lockPath: string, mark: string): Promise<void> {
  const aside = `${lockPath}.${mark}`;
  await rename(lockPath, aside).catch(() => undefined);
  await rm(aside, { force: true });
}
