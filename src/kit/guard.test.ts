/** Callbacks that throw. */
import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { guardEvents, guarded } from "./guard.ts";

test("what a guarded callback throws goes to the fault, with its arguments as they were", () => {
  const seen: unknown[] = [];
  const run = guarded(
    (first: number, second: string) => {
      seen.push(first, second);
      throw new Error("thrown");
    },
    (error) => seen.push((error as Error).message),
  );
  run(1, "two");
  expect(seen).toEqual([1, "two", "thrown"]);
});

test("what any listener of a guarded emitter throws goes to the fault, an error without listeners too", () => {
  const emitter = new EventEmitter();
  const seen: unknown[] = [];
  emitter.on("event", (value) => seen.push(value));
  guardEvents(emitter, (error) => seen.push((error as Error).message));
  emitter.on("event", () => {
    throw new Error("thrown");
  });
  expect(emitter.emit("event", 7)).toBe(true);
  expect(emitter.emit("nothing")).toBe(false);
  emitter.emit("error", new Error("nobody listens"));
  expect(seen).toEqual([7, "thrown", "nobody listens"]);
});
