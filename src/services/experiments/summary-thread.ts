/** A worker thread that computes summaries, seen from the thread that asks. */
import { Worker } from "node:worker_threads";
import { SwitchboardError } from "../../kit/index.ts";
import type { VariableSummary } from "./diagnostics.ts";
import type { SummaryAnswer, SummaryTask } from "./summary-worker.ts";

/**
 * Beside this file, and with its ending: `.js` as built, `.ts` where Node runs the sources. (The compiler rewrites the ending in imports only, and
 * Node 20 cannot read `.ts` in a thread by itself: for the tests `test/support/thread-typescript.js` teaches it.)
 */
function workerUrl(): URL {
  return new URL(
    import.meta.url.endsWith(".ts") ? "./summary-worker.ts" : "./summary-worker.js",
    import.meta.url,
  );
}

interface Waiting {
  resolve(summary: VariableSummary): void;
  reject(error: SwitchboardError): void;
}

/** Runs from its construction until it crashes or is stopped; it does not come back. */
export class SummaryThread {
  readonly #worker = new Worker(workerUrl(), { name: "summaries" });
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #ended: SwitchboardError | undefined;

  constructor() {
    this.#worker.on("message", ({ id, summary }: SummaryAnswer) => {
      this.#waiting.get(id)?.resolve(summary);
      this.#waiting.delete(id);
    });
    this.#worker.on("error", (cause) => {
      const message =
        "the thread that computes summaries failed; ask again, and report it if that does not help";
      this.#end(new SwitchboardError("internal", message, {}, { cause }));
    });
    this.#worker.on("exit", (code) => {
      this.#end(
        new SwitchboardError(
          "internal",
          `the thread that computes summaries ended with ${code}; ask again`,
        ),
      );
    });
  }

  /** True once it has crashed or been stopped: whoever waited has been told, and `summarise` only rejects. */
  get ended(): boolean {
    return this.#ended !== undefined;
  }

  /** The summary of one variable. Takes the arrays: they are empty afterwards. Rejects with `internal` if the thread ends before. */
  summarise(chains: readonly Float64Array<ArrayBuffer>[]): Promise<VariableSummary> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage(
        { id, chains } satisfies SummaryTask,
        chains.map((chain) => chain.buffer),
      );
    });
  }

  /** Resolves when the thread is gone, in the middle of whatever it did. */
  async stop(): Promise<void> {
    await this.#worker.terminate();
  }

  #end(error: SwitchboardError): void {
    this.#ended ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#waiting.clear();
  }
}
