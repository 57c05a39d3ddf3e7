import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { Worker } from "node:worker_threads";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../kit/index.ts";
import { summarise } from "./diagnostics.ts";
import { type LoadVariables, Summaries } from "./summaries.ts";
import { SummaryThread } from "./summary-thread.ts";

const { draws } = JSON.parse(
  readFileSync(new URL("../../../test/data/eight_schools_draws.json", import.meta.url), "utf8"),
) as {
  readonly draws: Readonly<Record<string, number[][]>>;
};

/** A load that waits until it is told to go on. */
function heldBack(variables: Awaited<ReturnType<LoadVariables>>): {
  load: LoadVariables;
  begun: Promise<void>;
  release(): void;
} {
  let begin = (): void => {};
  let release = (): void => {};
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const load = async (): Promise<typeof variables> => {
    begin();
    await released;
    return variables;
  };
  return { load, begun, release };
}

const of =
  (value: number): LoadVariables =>
  async () =>
    new Map([["x", [[value]]]]);

/** Every thread that was started, in order. */
let threads: Worker[];
let summaries: Summaries;
const started = (thread: Worker): void => void threads.push(thread);

beforeEach(() => {
  threads = [];
  process.on("worker", started);
  summaries = new Summaries({ clock: systemClock, maxWaitingKeys: 3 });
});

afterEach(async () => {
  process.off("worker", started);
  await summaries.stop();
});

describe("a request", () => {
  it("gets what summarise computes, variable by variable in their order, from one thread for all", async () => {
    const answer = await summaries.request("a", async () => new Map(Object.entries(draws)));
    expect(Object.entries(answer)).toEqual(
      Object.entries(draws).map(([name, chains]) => [name, summarise(chains)]),
    );
    await summaries.request("b", of(1));
    expect(threads).toHaveLength(1);
  });

  it("gets them for chains of any length, and for names that are properties of objects", async () => {
    const chains = fc.array(fc.array(fc.double(), { maxLength: 30 }), { maxLength: 4 });
    const names = fc.oneof(fc.string(), fc.constantFrom("__proto__", "constructor", "0"));
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.tuple(names, chains), { selector: ([name]) => name, maxLength: 6 }),
        async (variables) => {
          const answer = await summaries.request("a", async () => new Map(variables));
          expect(new Map(Object.entries(answer))).toEqual(
            new Map(variables.map(([name, own]) => [name, summarise(own)])),
          );
        },
      ),
      { numRuns: 30 },
    );
  });

  it("sees the draws that were there when its variable's turn came, though more arrive", async () => {
    const chain = Array.from({ length: 100_000 }, (_, index) => index);
    const answering = summaries.request("a", async () => new Map([["x", [chain]]]));
    await new Promise(setImmediate);
    chain.push(1, 2, 3);
    const { x } = await answering;
    expect([100_000, 100_003]).toContain(x?.draws);
    expect(x).toEqual(summarise([chain.slice(0, x?.draws)]));
  });

  it("rejects with what its load rejects with, and holds up nothing", async () => {
    const failing = summaries.request("a", () => Promise.reject(new Error("no such experiment")));
    const next = summaries.request("b", of(2));
    await expect(failing).rejects.toThrow("no such experiment");
    expect((await next).x?.mean).toBe(2);
  });

  it("lets the event loop turn every few milliseconds while it copies", async () => {
    // Every look at this clock, one for each piece that is copied, takes a millisecond.
    let nowMs = 0;
    const copying = new Summaries({
      clock: { ...systemClock, monotonic: () => nowMs++ },
      maxWaitingKeys: 1,
    });
    let longestMs = 0;
    let lastTurnMs = nowMs;
    const turn = (): void => {
      longestMs = Math.max(longestMs, nowMs - lastTurnMs);
      lastTurnMs = nowMs;
      next = setImmediate(turn);
    };
    let next = setImmediate(turn);
    try {
      const chain = new Array<number>(200_000).fill(1);
      await copying.request(
        "a",
        async () => new Map(Array.from({ length: 4 }, (_, index) => [`x${index}`, [chain, chain]])),
      );
      expect(nowMs).toBeGreaterThan(150);
      expect(longestMs).toBeLessThan(15);
    } finally {
      clearImmediate(next);
      await copying.stop();
    }
  });
});

describe("newest only", () => {
  it("answers an older waiting request with the newer one's result, and never loads the older one", async () => {
    const first = heldBack(new Map([["x", [[1]]]]));
    const running = summaries.request("a", first.load);
    await first.begun;
    let olderLoads = 0;
    const older = summaries.request("a", async () => {
      olderLoads++;
      return new Map();
    });
    const newer = summaries.request("a", of(3));
    first.release();
    expect((await running).x?.mean).toBe(1);
    expect((await older).x?.mean).toBe(3);
    expect((await newer).x?.mean).toBe(3);
    expect(olderLoads).toBe(0);
  });

  it("takes the keys in the order in which they began to wait", async () => {
    const first = heldBack(new Map());
    const order: string[] = [];
    const loading =
      (key: string): LoadVariables =>
      async () => {
        order.push(key);
        return new Map();
      };
    const answers = [summaries.request("a", first.load)];
    for (const key of ["b", "c", "b", "a", "c"]) answers.push(summaries.request(key, loading(key)));
    first.release();
    await Promise.all(answers);
    expect(order).toEqual(["b", "c", "a"]);
  });

  it("refuses one key too many, and takes it later", async () => {
    const first = heldBack(new Map());
    const taken = [
      summaries.request("a", first.load),
      ...["b", "c", "d", "b"].map((key) => summaries.request(key, of(1))),
    ];
    await expect(summaries.request("e", of(1))).rejects.toMatchObject({ code: "over_capacity" });
    first.release();
    await Promise.all(taken);
    expect((await summaries.request("e", of(5))).x?.mean).toBe(5);
  });
});

describe("the thread", () => {
  it("is not started before the first request", () => {
    expect(threads).toEqual([]);
  });

  it("that goes down rejects what it had; the next request has a new one", async () => {
    const many = new Map(
      Array.from({ length: 10_000 }, (_, index) => [`x${index}`, [[1, 2, 3, 4, 5, 6, 7, 8]]]),
    );
    const starting = once(process, "worker") as Promise<[Worker]>;
    const failed = expect(summaries.request("a", async () => many)).rejects.toMatchObject({
      code: "internal",
    });
    const waiting = summaries.request("b", of(4));
    const [worker] = await starting;
    await once(worker, "online");
    await worker.terminate();
    await failed;
    expect((await waiting).x?.mean).toBe(4);
    expect(threads).toHaveLength(2);
  });

  it("that throws says so, once and for all", async () => {
    const thread = new SummaryThread();
    const absurd = {
      length: 2 ** 50,
      buffer: new ArrayBuffer(8),
    } as unknown as Float64Array<ArrayBuffer>;
    const failing = thread.summarise([absurd]);
    await expect(failing).rejects.toMatchObject({
      code: "internal",
      cause: expect.any(RangeError),
    });
    await expect(failing).rejects.toThrow(/thread that computes summaries failed/);
    expect(thread.ended).toBe(true);
    await expect(thread.summarise([])).rejects.toMatchObject({ code: "internal" });
  });

  it("takes the arrays, without a copy", async () => {
    const thread = new SummaryThread();
    const chain = Float64Array.from([1, 2, 3]);
    const summary = thread.summarise([chain]);
    expect(chain).toHaveLength(0);
    expect((await summary).mean).toBe(2);
    await thread.stop();
  });
});

describe("stop", () => {
  it("ends the thread and rejects everything: what runs, what waits, what comes", async () => {
    await summaries.request("a", of(1));
    const first = heldBack(new Map([["x", [[1]]]]));
    const outcomes = Promise.allSettled([
      summaries.request("a", first.load),
      summaries.request("b", of(1)),
    ]);
    await first.begun;
    const [thread] = threads;
    if (thread === undefined) throw new Error("no thread was started");
    const gone = once(thread, "exit");
    await summaries.stop();
    await gone;
    for (const outcome of await outcomes)
      expect(outcome).toMatchObject({ status: "rejected", reason: { code: "draining" } });
    await expect(summaries.request("c", of(1))).rejects.toMatchObject({ code: "draining" });
    first.release();
    await new Promise(setImmediate);
    expect(threads).toHaveLength(1);
  });

  it("in the middle of a computation", async () => {
    const big = new Map(Array.from({ length: 200 }, (_, index) => [`x${index}`, draws.mu ?? []]));
    const answering = summaries.request("a", async () => big);
    const rejected = expect(answering).rejects.toMatchObject({ code: "draining" });
    const [thread] = (await once(process, "worker")) as [Worker];
    await once(thread, "message");
    await summaries.stop();
    await rejected;
  });

  it("without a thread, and twice", async () => {
    await summaries.stop();
    await summaries.stop();
    expect(threads).toEqual([]);
  });
});
