/** Keeps a file for one opener at a time. */
import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { SwitchboardError } from "../../wire/error.ts";
import { processMark } from "./process-mark.ts";

/** Two that open at the same moment may both give way: each tries again so often, after a random pause. */
const attempts = 5;
const longestPauseMs = 40;

interface Claim {
  readonly pid: number;
  readonly mark: string;
  readonly host: string;
}

/**
 * Everybody who wants the file puts a claim of its own beside it (`FILE.lock-PID-RANDOM`), and then looks for others: whoever finds the
 * claim of a living process takes its own back. So of two, never both have the file, and a claim is never another's, so that removing a
 * dead one is safe.
 */
export class FileLock {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** Rejects with `data_locked` if somebody has it. What a dead process of this machine has left is taken over. */
  static async take(path: string): Promise<FileLock> {
    for (let attempt = 1; ; attempt++) {
      const own = `${path}.lock-${process.pid}-${randomUUID()}`;
      const claim: Claim = {
        pid: process.pid,
        mark: processMark(process.pid) ?? "",
        host: hostname(),
      };
      writeFileSync(own, JSON.stringify(claim), { flag: "wx", mode: 0o600 });
      const other = otherThan(own, path);
      if (other === undefined) return new FileLock(own);
      rmSync(own, { force: true });
      if (attempt === attempts) throw locked(path, other);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * longestPauseMs));
    }
  }

  /** Somebody else may have it now. */
  release(): void {
    rmSync(this.#path, { force: true });
  }
}

interface Other {
  readonly path: string;
  readonly pid: number;
  readonly host: string;
}

/** A claim of somebody who may be alive; those of the dead are removed. */
function otherThan(own: string, path: string): Other | undefined {
  const prefix = `${basename(path)}.lock-`;
  for (const name of readdirSync(dirname(path))) {
    const claimPath = join(dirname(path), name);
    if (!name.startsWith(prefix) || claimPath === own) continue;
    const pid = Number.parseInt(name.slice(prefix.length), 10);
    const { mark, host } = claimAt(claimPath);
    // Nobody can tell whether a process of another machine lives.
    if (host !== hostname() && host !== "") return { path: claimPath, pid, host };
    const present = processMark(pid);
    if (present !== undefined && (mark === "" || present === "" || present === mark))
      return { path: claimPath, pid, host: "" };
    rmSync(claimPath, { force: true });
  }
  return undefined;
}

/** One that is just being written has its process id in its name. */
function claimAt(path: string): Pick<Claim, "mark" | "host"> {
  try {
    const { mark = "", host = "" } = JSON.parse(readFileSync(path, "utf8")) as Partial<Claim>;
    return { mark, host };
  } catch {
    return { mark: "", host: "" };
  }
}

function locked(path: string, { path: claimPath, pid, host }: Other): SwitchboardError {
  const who = pid === process.pid && host === "" ? `this process (${pid})` : `process ${pid}`;
  const remedy =
    host === ""
      ? "close that connection, or give each its own file"
      : `give each its own file; if that process is dead, remove ${claimPath}`;
  const where = host === "" ? "" : ` on ${host}`;
  return new SwitchboardError("data_locked", `${path} is in use by ${who}${where}: ${remedy}`, {
    path,
    pid,
  });
}
