/** The queue between a connection and a main loop. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { within } from "../../../test/support/inbox.ts";
import { InboundQueue } from "./inbound-queue.ts";

/** Capital letters are precious. */
function queue(maxMessages = 3, maxLength = 1000) {
  const dropped: string[] = [];
  const isPrecious = (message: string) => message === message.toUpperCase();
  return {
    dropped,
    queue: new InboundQueue<string>({ maxMessages, maxLength }, isPrecious, (message) =>
      dropped.push(message),
    ),
  };
}

describe("InboundQueue", () => {
  it("gives messages in the order in which they came, one, all, or as they come", async () => {
    const { queue: orders } = queue(10);
    expect(orders.take()).toBeUndefined();
    for (const message of ["a", "b", "c", "d"]) orders.push(message, 1);
    expect(orders.size).toBe(4);
    expect(orders.take()).toBe("a");
    expect(await orders.next()).toBe("b");
    expect(orders.takeAll()).toEqual(["c", "d"]);
    expect(orders.takeAll()).toEqual([]);
    const two = [orders.next(), orders.next()];
    orders.push("e", 1);
    orders.push("f", 1);
    expect(await within(Promise.all(two), "both")).toEqual(["e", "f"]);
  });

  it("at its bound lets the oldest give way, but precious ones only to one another", () => {
    const { queue: orders, dropped } = queue(3);
    for (const message of ["A", "b", "c", "D", "E"]) orders.push(message, 1);
    expect(dropped).toEqual(["b", "c"]);
    orders.push("f", 1);
    expect(dropped).toEqual(["b", "c", "f"]);
    orders.push("G", 1);
    expect(dropped).toEqual(["b", "c", "f", "A"]);
    expect(orders.takeAll()).toEqual(["D", "E", "G"]);
  });

  it("is bounded by the length of the texts, too, and takes one that alone is longer", () => {
    const { queue: orders, dropped } = queue(100, 10);
    orders.push("a", 4);
    orders.push("b", 4);
    orders.push("c", 4);
    expect(dropped).toEqual(["a"]);
    orders.push("d", 50);
    expect(dropped).toEqual(["a", "b", "c"]);
    expect(orders.takeAll()).toEqual(["d"]);
    orders.push("e", 10);
    expect([orders.takeAll(), dropped]).toEqual([["e"], ["a", "b", "c"]]);
  });

  it("loses nothing that it does not tell of", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("a", "B", "take")),
        fc.integer({ min: 1, max: 5 }),
        (steps, max) => {
          const { queue: orders, dropped } = queue(max);
          const taken: string[] = [];
          const pushed: string[] = [];
          for (const [at, step] of steps.entries()) {
            if (step === "take") taken.push(orders.take() ?? "");
            else {
              pushed.push(`${step}${at}`);
              orders.push(`${step}${at}`, 1);
            }
            expect(orders.size).toBeLessThanOrEqual(max);
          }
          const got = [...taken.filter((one) => one !== ""), ...orders.takeAll()];
          expect(got).toEqual(pushed.filter((one) => !dropped.includes(one)));
        },
      ),
    );
  });

  it("ends behind what waits, with undefined or with the error", async () => {
    const ended = queue().queue;
    const reader = ended.next();
    ended.end(undefined);
    expect(await within(reader, "the end")).toBeUndefined();
    const failed = queue().queue;
    failed.push("a", 1);
    failed.end(new Error("over"));
    expect(await failed.next()).toBe("a");
    await expect(failed.next()).rejects.toThrow("over");
    const waiting = queue().queue;
    const rejected = expect(waiting.next()).rejects.toThrow("over");
    waiting.end(new Error("over"));
    await rejected;
  });
});
