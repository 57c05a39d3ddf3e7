/**
 * Loaded into the server's process before the server (`--import`): answers the bench's questions
 * about heap, handles and the event loop over the process's IPC channel. Needs `--expose-gc`.
 */
import { Session } from "node:inspector";
import type { ObjectCounts, ProbeAnswer, ProbeQuestion } from "./probe-messages.ts";

/**
 * The longest time that the event loop was held: between two ticks of a timer, the lesser of the
 * time that passed and the CPU time of the process. A process that the machine does not run
 * holds nothing.
 */
class HoldMeter {
  #maxMs = 0;
  #lastMs = performance.now();
  #lastCpu = process.cpuUsage();

  constructor() {
    setInterval(() => this.#tick(), 10).unref();
  }

  /** The longest since the last call. */
  take(): number {
    this.#tick();
    const maxMs = this.#maxMs;
    this.#maxMs = 0;
    return maxMs;
  }

  #tick(): void {
    const nowMs = performance.now();
    const { user, system } = process.cpuUsage(this.#lastCpu);
    this.#maxMs = Math.max(this.#maxMs, Math.min(nowMs - this.#lastMs, (user + system) / 1000));
    this.#lastMs = nowMs;
    this.#lastCpu = process.cpuUsage();
  }
}

const holds = new HoldMeter();

const gc = (globalThis as { readonly gc?: () => void }).gc;

/** Collects what can be collected, also what finalizers have let go of. */
async function collect(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) {
    gc?.();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function counted(names: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

/** Runs in the server: counts all objects by constructor, and the entries of all maps and sets. */
function countByConstructor(this: readonly object[]): string {
  const counts: Record<string, number> = Object.create(null);
  let entries = 0;
  let largest = 0;
  for (const object of this) {
    const prototype: unknown = Object.getPrototypeOf(object);
    const own =
      prototype === null || typeof prototype !== "object"
        ? undefined
        : Object.getOwnPropertyDescriptor(prototype, "constructor");
    const name = typeof own?.value === "function" ? String(own.value.name) : "(none)";
    counts[name] = (counts[name] ?? 0) + 1;
    if (!(object instanceof Map || object instanceof Set)) continue;
    try {
      entries += object.size;
      largest = Math.max(largest, object.size);
    } catch {
      // The prototype of a class that extends Map: it has no size.
    }
  }
  return JSON.stringify({ counts, entries, largest });
}

/** All objects of the heap by constructor. Stops the process for some hundred ms. */
function constructors(): ObjectCounts {
  const session = new Session();
  session.connect();
  const post = (method: string, parameters: object): Record<string, unknown> => {
    let answer: Record<string, unknown> = {};
    session.post(method, parameters, (error, result) => {
      if (error !== null) throw new Error(`${method}: ${JSON.stringify(error)}`);
      answer = result as Record<string, unknown>;
    });
    return answer;
  };
  try {
    const prototype = post("Runtime.evaluate", { expression: "Object.prototype" });
    const { objects } = post("Runtime.queryObjects", {
      prototypeObjectId: (prototype.result as { readonly objectId: string }).objectId,
      objectGroup: "count",
    });
    const { result } = post("Runtime.callFunctionOn", {
      objectId: (objects as { readonly objectId: string }).objectId,
      functionDeclaration: countByConstructor.toString(),
      returnByValue: true,
    });
    const { value, description } = result as {
      readonly value?: string;
      readonly description?: string;
    };
    if (value === undefined) throw new Error(`the objects cannot be counted: ${description}`);
    return JSON.parse(value) as ObjectCounts;
  } finally {
    post("Runtime.releaseObjectGroup", { objectGroup: "count" });
    session.disconnect();
  }
}

async function answer({ ask, id }: ProbeQuestion): Promise<ProbeAnswer> {
  const maxHoldMs = holds.take();
  if (ask === "holds") return { id, maxHoldMs };
  await collect();
  const { heapUsed, rss, external, arrayBuffers } = process.memoryUsage();
  const resources = counted(process.getActiveResourcesInfo());
  const objects = ask === "objects" ? constructors() : undefined;
  // What the questions themselves cost is no hold of the server's.
  holds.take();
  return {
    id,
    maxHoldMs,
    figures: {
      heapUsedBytes: heapUsed,
      rssBytes: rss,
      externalBytes: external,
      arrayBuffers,
      resources,
    },
    ...(objects === undefined ? {} : { objects }),
  };
}

process.on("message", (question: ProbeQuestion) => {
  answer(question).then(
    (text) => process.send?.(text),
    (error: Error) =>
      process.send?.({ id: question.id, maxHoldMs: 0, failure: error.stack } as ProbeAnswer),
  );
});
// The channel alone keeps no process from ending.
process.channel?.unref();
