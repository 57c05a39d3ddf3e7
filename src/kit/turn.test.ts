/** One flush for whatever is added within a turn. */
import { readFile } from "node:fs";
import { expect, test } from "vitest";
import { ManualTurn } from "./kit.fixture.ts";
import { Turn } from "./turn.ts";

test("schedules once a turn and flushes in the order of adding", () => {
  const manual = new ManualTurn();
  const { turn } = manual;
  const flushed: string[] = [];
  for (const name of ["a", "b", "c"]) turn.add({ flush: () => flushed.push(name) });
  expect(manual.scheduled).toBe(1);
  expect(flushed).toEqual([]);
  manual.end();
  expect(flushed).toEqual(["a", "b", "c"]);
  manual.end();
  expect(flushed).toEqual(["a", "b", "c"]);
});

test("what a flush adds waits for the next turn", () => {
  const manual = new ManualTurn();
  const { turn } = manual;
  const flushed: string[] = [];
  turn.add({ flush: () => turn.add({ flush: () => flushed.push("second") }) });
  manual.end();
  expect(flushed).toEqual([]);
  expect(manual.scheduled).toBe(1);
  manual.end();
  expect(flushed).toEqual(["second"]);
});

test("by default a turn ends after the callbacks of the present one, before further I/O", async () => {
  const order: string[] = [];
  const turn = new Turn();
  await new Promise<void>((resolve) => {
    // Inside an I/O callback, as messages come in.
    readFile(new URL(import.meta.url), () => {
      turn.add({ flush: () => order.push("flush") });
      process.nextTick(() => order.push("tick"));
      Promise.resolve().then(() => order.push("microtask"));
      setTimeout(() => {
        order.push("timer");
        resolve();
      }, 0);
      order.push("callback");
    });
  });
  expect(order).toEqual(["callback", "tick", "microtask", "flush", "timer"]);
});
