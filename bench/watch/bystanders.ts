/** The bystanders of all services, seen from the bench: a process that is asked for reports. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Place } from "./bystander/text-bystanders.ts";
import type { BystanderReport } from "./round-trips.ts";

const deadlineMs = 60_000;

interface Reply {
  readonly ready?: true;
  readonly failure?: string;
  readonly reports?: readonly BystanderReport[];
}

export class Bystanders {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
    const killWithUs = (): void => {
      child.kill("SIGKILL");
    };
    process.on("exit", killWithUs);
    child.once("exit", () => process.off("exit", killWithUs));
  }

  /** Resolves when all of them are connected and at it. */
  static async start(place: Place): Promise<Bystanders> {
    const file = fileURLToPath(new URL("./bystanders-child.js", import.meta.url));
    const bystanders = new Bystanders(fork(file, [JSON.stringify(place)]));
    const { failure } = await bystanders.#reply();
    if (failure !== undefined) {
      await bystanders.kill();
      throw new Error(`a bystander could not connect: ${failure}`);
    }
    return bystanders;
  }

  /** What each of them saw since the last report. */
  async report(): Promise<readonly BystanderReport[]> {
    this.#child.send("report");
    return (await this.#reply()).reports ?? [];
  }

  /** They finish what is under way, and leave. */
  async stop(): Promise<readonly BystanderReport[]> {
    this.#child.send("stop");
    const { reports = [] } = await this.#reply();
    if (this.#child.exitCode === null) await once(this.#child, "exit");
    return reports;
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill("SIGKILL");
    await once(this.#child, "exit");
  }

  async #reply(): Promise<Reply> {
    let deadline: NodeJS.Timeout | undefined;
    try {
      return await Promise.race([
        once(this.#child, "message").then(([reply]) => reply as Reply),
        once(this.#child, "exit").then(() => {
          throw new Error("the bystanders' process has ended");
        }),
        new Promise<never>((_, reject) => {
          deadline = setTimeout(
            () => reject(new Error(`the bystanders did not reply within ${deadlineMs} ms`)),
            deadlineMs,
          );
        }),
      ]);
    } finally {
      clearTimeout(deadline);
    }
  }
}
