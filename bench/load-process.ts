/** A load process: one of the files in `load/`, on the core that the server does not have. */
import type { ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { cores, kill, spawnPinned } from "./pinned.ts";

/** What a load process tells the benchmark. */
export type LoadReport<Result> = { readonly result: Result } | { readonly failure: string };

export class LoadProcess {
  readonly #child: ChildProcess;
  readonly #file: string;

  /** Starts `load/FILE` with its task. `yielding`: it runs only while nothing else wants the core. */
  constructor(file: string, task: object, options: { readonly yielding?: boolean } = {}) {
    this.#file = file;
    const path = fileURLToPath(new URL(`./load/${file}`, import.meta.url));
    this.#child = spawnPinned(cores.load, [path, JSON.stringify(task)], {
      channel: true,
      ...options,
    });
  }

  /** The next thing it reports. Rejects if it reports a failure, ends without a report, or says nothing until the deadline. */
  async result<Result>(deadlineMs: number): Promise<Result> {
    return await new Promise<Result>((resolve, reject) => {
      const fail = (reason: string): void => reject(new Error(`${this.#file} ${reason}`));
      const deadline = setTimeout(
        () => fail(`reported nothing within ${deadlineMs} ms`),
        deadlineMs,
      );
      const ended = (code: number | null, signal: string | null): void => {
        clearTimeout(deadline);
        fail(`ended without a report (${signal ?? code})`);
      };
      this.#child.once("exit", ended);
      this.#child.once("message", (report: LoadReport<Result>) => {
        clearTimeout(deadline);
        this.#child.off("exit", ended);
        if ("failure" in report) fail(`failed: ${report.failure}`);
        else resolve(report.result);
      });
    });
  }

  /** Asks it to end and to report what it did. */
  async finish<Result>(deadlineMs: number): Promise<Result> {
    const last = this.result<Result>(deadlineMs);
    this.#child.send("finish");
    return await last;
  }

  async stop(): Promise<void> {
    await kill(this.#child);
  }
}

/**
 * For the load's side: runs `work` and tells the benchmark what came of it; then the process ends. With `finish` it stays,
 * until the benchmark asks it to finish, and reports what `finish` returns as well.
 */
export async function reportToBenchmark<Task, Result>(
  work: (task: Task) => Promise<Result>,
  finish?: () => object,
): Promise<void> {
  process.once("disconnect", () => process.exit());
  const tell = (report: LoadReport<unknown>, last: boolean): void => {
    process.send?.(report, () => {
      if (last) process.exit();
    });
  };
  if (finish !== undefined) process.once("message", () => tell({ result: finish() }, true));
  try {
    tell({ result: await work(JSON.parse(process.argv[2] ?? "") as Task) }, finish === undefined);
  } catch (error) {
    tell({ failure: error instanceof Error ? error.message : String(error) }, true);
  }
}
