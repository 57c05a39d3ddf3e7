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

test("a large turn is flushed in slices, later ones alongside, each in its order and each item once", () => {
  const manual = new ManualTurn();
  const { turn } = manual;
  const flushed: string[] = [];
  const add = (name: string, count: number) => {
    for (let n = 0; n < count; n++) turn.add({ flush: () => flushed.push(`${name}${n}`) });
  };
  add("large", 200);
  manual.end();
  expect(flushed.length).toBe(64);
  add("small", 2);
  expect(manual.scheduled).toBe(1);
  manual.end();
  expect(flushed.slice(64)).toEqual([
    ...Array.from({ length: 64 }, (_, n) => `large${n + 64}`),
    "small0",
    "small1",
  ]);
  while (manual.scheduled > 0) manual.end();
  expect(flushed.filter((name) => name.startsWith("large"))).toEqual(
    Array.from({ length: 200 }, (_, n) => `large${n}`),
  );
  expect(flushed.length).toBe(202);
});

test("what an item adds while it is flushed is scheduled once", () => {
  const manual = new ManualTurn();
  const { turn } = manual;
  let second = 0;
  for (let n = 0; n < 100; n++) turn.add({ flush: () => turn.add({ flush: () => second++ }) });
  manual.end();
  expect(manual.scheduled).toBe(1);
  while (manual.scheduled > 0) manual.end();
  expect(second).toBe(100);
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

test("of deferred items four go on in a turn, first come, first served, behind what is flushed", () => {
  const manual = new ManualTurn();
  const { turn } = manual;
  const flushed: string[] = [];
  const deferred = (name: string, again: number) => ({
    flush() {
      flushed.push(name);
      if (again > 0) turn.defer(deferred(name, again - 1));
    },
  });
  for (const name of ["a", "b", "c", "d", "e"]) turn.defer(deferred(name, 1));
  expect(manual.scheduled).toBe(1);
  turn.add({ flush: () => flushed.push("added") });
  manual.end();
  expect(flushed.splice(0)).toEqual(["added", "a", "b", "c", "d"]);
  expect(manual.scheduled).toBe(1);
  manual.end();
  expect(flushed.splice(0)).toEqual(["e", "a", "b", "c"]);
  manual.end();
  expect(flushed.splice(0)).toEqual(["d", "e"]);
  expect(manual.scheduled).toBe(0);
});
