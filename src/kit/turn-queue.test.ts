/** Slices of long jobs: so many in each turn, in the order of asking. */
import { expect, test } from "vitest";
import { TurnQueue } from "./turn-queue.ts";

/** A queue whose turns are run by hand. */
function manual(unitsPerTurn: number): { readonly queue: TurnQueue; turn(): Promise<void> } {
  const scheduled: (() => void)[] = [];
  const queue = new TurnQueue(unitsPerTurn, (run) => scheduled.push(run));
  return {
    queue,
    async turn() {
      for (const run of scheduled.splice(0)) run();
      for (let n = 0; n < 10; n++) await Promise.resolve();
    },
  };
}

test("a turn has slices of no more units than fit, whoever they belong to, in order", async () => {
  const { queue, turn } = manual(100);
  const done: string[] = [];
  const job = async (name: string, slices: number, units: number) => {
    for (let n = 0; n < slices; n++) {
      await queue.take(units);
      done.push(name);
    }
  };
  const jobs = [job("a", 3, 60), job("b", 2, 60), job("c", 2, 40)];
  await Promise.resolve();
  const turns: string[] = [];
  for (let n = 0; n < 6; n++) {
    turns.push(done.splice(0).join(""));
    await turn();
  }
  await Promise.all(jobs);
  expect(turns).toEqual(["a", "bc", "a", "bc", "a", ""]);
  expect(queue.length).toBe(0);
});

test("a slice that is too large for a turn has one to itself", async () => {
  const { queue, turn } = manual(100);
  expect(queue.take(500)).toBeUndefined();
  let resumed = false;
  void queue.take(1)?.then(() => {
    resumed = true;
  });
  await Promise.resolve();
  expect(resumed).toBe(false);
  await turn();
  expect(resumed).toBe(true);
});

test("work that was not asked for uses up the turn", async () => {
  const { queue, turn } = manual(100);
  queue.spent(100);
  expect(queue.take(1)).toBeInstanceOf(Promise);
  await turn();
  await turn();
  expect(queue.take(1)).toBeUndefined();
});

test("thousands of waiting jobs resume in order", async () => {
  const { queue, turn } = manual(10);
  const resumed: number[] = [];
  for (let n = 0; n < 2500; n++) void Promise.resolve(queue.take(10)).then(() => resumed.push(n));
  for (let n = 0; n < 2501; n++) await turn();
  expect(resumed).toEqual(Array.from({ length: 2500 }, (_, n) => n));
});
