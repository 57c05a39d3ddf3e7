/** Who is told what. */
import { expect, it } from "vitest";
import { Emitter } from "./emitter.ts";

it("tells in the order of adding, and nobody whom an earlier listener has taken off", () => {
  const emitter = new Emitter<{ x: number }>();
  const calls: string[] = [];
  emitter.on("x", () => {
    calls.push("first");
    off();
    emitter.on("x", () => calls.push("added meanwhile"));
  });
  const off = emitter.on("x", () => calls.push("second"));
  emitter.on("x", () => calls.push("third"));
  emitter.emit("x", 1);
  expect(calls).toEqual(["first", "third"]);
});
